"""What a compiled model gives besides its rates, under the names of the model file."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from eqdsl.core.errors import UsageError
from eqdsl.lowering.program import Output, Program
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid


class NamedOutputs(nn.Module):
    """The terms, definitions, learned outputs, laws and initial values of a program, by name.

    Attributes
    ----------
    model, grid, program
        What was compiled, on what, and into what.
    """

    model: Model
    grid: Grid
    program: Program

    @abstractmethod
    def evaluate(
        self, t: float | Tensor, state: Tensor, wanted: Sequence[int], given: dict[int, Any] | None = None
    ) -> list[Any]:
        """Values of steps of the program."""

    @property
    @abstractmethod
    def dtype(self) -> torch.dtype:
        """Floating-point type of parameters and weights."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Device of parameters and weights."""

    def terms(self, t: float | Tensor, state: Tensor) -> dict[str, dict[str, Tensor]]:
        """Every term of every equation, by channel and term name, each ``(B, *S)``."""
        wanted = [term.value for e in self.program.equations for term in e.terms]
        values = iter(self.evaluate(t, state, wanted))
        names = self.model.channel_names
        return {
            names[e.channel]: {term.name: self._on_grid(next(values), state) for term in e.terms}
            for e in self.program.equations
        }

    def named(self, t: float | Tensor, state: Tensor) -> dict[str, Tensor]:
        """Every ``known`` by name, ``(B, *S)``."""
        return self._outputs(t, state, self.program.named)

    def learned_outputs(self, t: float | Tensor, state: Tensor) -> dict[str, Tensor]:
        """Every output of every learned term at its declared inputs, ``(B, *S)``."""
        return self._outputs(t, state, self.program.learned)

    def learned_inputs(self, t: float | Tensor, state: Tensor) -> dict[str, Tensor]:
        """The declared inputs of every learned term, by its name, ``(B, *S, inputs)``."""
        values = iter(self.evaluate(t, state, [i for _, inputs in self.program.inputs for i in inputs]))
        return {
            name: torch.stack([self._on_grid(next(values), state) for _ in inputs], dim=-1)
            for name, inputs in self.program.inputs
        }

    def solved(self, t: float | Tensor, state: Tensor) -> dict[str, Tensor]:
        """Every state that ``0 = … for p`` gives, by name, ``(B, *S)``."""
        return self._outputs(t, state, self.program.solved)

    def laws(self, t: float | Tensor, state: Tensor) -> dict[str, Tensor]:
        """Every ``law``'s quantity, ``(B,)``."""
        return self._per_trajectory(t, state, self.program.laws)

    def penalties(self, t: float | Tensor, state: Tensor) -> dict[str, Tensor]:
        """Every ``penalty``'s average over the domain, ``(B,)``."""
        return self._per_trajectory(t, state, self.program.penalties)

    def observed(self, t: float | Tensor, state: Tensor) -> Tensor:
        """A state as the data hold it, ``(B, C', *S)`` with the channels `model.data_channels`.

        What is one number for the whole grid stands at every point, as in a state.
        """
        if not self.program.observed:
            return state
        values = self._outputs(t, state, self.program.observed)
        own = {name: state[:, i] for i, name in enumerate(self.model.channel_names)} | values
        return torch.stack([own[name] for name in self.model.data_channel_names], dim=1)

    def constrain(self, t: float | Tensor, state: Tensor) -> Tensor:
        """The state with its points on Dirichlet walls at the walls' values."""
        if not self.program.constrained:
            return state
        replaced = self._outputs(t, state, self.program.constrained)
        channels = [replaced.get(name, state[:, i]) for i, name in enumerate(self.model.channel_names)]
        return torch.stack(channels, dim=1)

    def initial_state(self, batch: int = 1, t: float = 0.0) -> Tensor:
        """The state that the ``init`` statements give, ``(batch, C, *S)``.

        Raises
        ------
        UsageError
            A state or a velocity has no ``init`` formula.
        """
        given = {output.name for output in self.program.initial}
        missing = next((i for i in self.model.initial if i.channel not in given), None)
        if missing is not None:
            said = "" if missing.kind == "data" else ": a fitted one is known only once data are at hand"
            raise UsageError(
                f"`{missing.channel}` has no initial value{said}",
                help=f"write `init {missing.channel} = …` in the model, or take it from a file with `--from FILE.h5`",
            )
        values = self.initial_values(batch, t)
        zeros = torch.zeros(batch, *self.grid.shape, dtype=self.dtype, device=self.device)
        return self.constrain(t, torch.stack([values.get(c.name, zeros) for c in self.model.channels], dim=1))

    def initial_values(self, batch: int = 1, t: float | Tensor = 0.0) -> dict[str, Tensor]:
        """What the ``init`` statements give, by channel, each ``(batch, *S)``."""
        return self._starts("expression", batch, t)

    def encoded_values(self, batch: int, t: float | Tensor) -> dict[str, Tensor]:
        """The starts that learned terms make of past frames, by channel, each ``(batch, *S)``."""
        return self._starts("encode", batch, t)

    def _starts(self, kind: str, batch: int, t: float | Tensor) -> dict[str, Tensor]:
        zeros = torch.zeros(batch, len(self.model.channels), *self.grid.shape, dtype=self.dtype, device=self.device)
        wanted = {i.channel for i in self.model.starts(kind)}
        return self._outputs(t, zeros, tuple(o for o in self.program.initial if o.name in wanted))

    # ------------------------------------------------------------- driving

    def _outputs(self, t: float | Tensor, state: Tensor, outputs: tuple[Output, ...]) -> dict[str, Tensor]:
        values = self.evaluate(t, state, [o.value for o in outputs])
        return {o.name: self._on_grid(v, state) for o, v in zip(outputs, values, strict=True)}

    def _per_trajectory(self, t: float | Tensor, state: Tensor, outputs: tuple[Output, ...]) -> dict[str, Tensor]:
        values = self._outputs(t, state, outputs)
        return {name: v.flatten(1)[:, 0] if v.dim() > 1 else v for name, v in values.items()}

    def _on_grid(self, value: Any, state: Tensor) -> Tensor:
        shape = (state.shape[0], *state.shape[2:])
        if not isinstance(value, Tensor):
            return torch.full(shape, float(value), dtype=state.dtype, device=state.device)
        return value.expand(shape)
