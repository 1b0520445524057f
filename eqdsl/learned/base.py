"""What every learned family is: an ordinary `torch.nn.Module` on dimensionless numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from eqdsl.learned.polynomial import Polynomial


@dataclass(frozen=True)
class FamilySpec:
    """What a family is built from.

    Parameters
    ----------
    inputs, outputs : int
        Number of scalar inputs and outputs.
    dimension : int
        Number of space axes (0 for an ODE).
    options : mapping
        ``"sizes"``: tuple of positional integers; other keys are the keyword options of the ``.eq`` file.
    input_names : tuple of str
        For messages and formulas.
    monotone : mapping of int to int
        Inputs in which every output rises (1) or falls (-1); only a family that can be monotone is given some.
    periodic : tuple of bool
        Which axes are, for a family that sees the whole domain.
    """

    inputs: int
    outputs: int
    dimension: int
    options: Mapping[str, object]
    input_names: tuple[str, ...]
    monotone: Mapping[int, int] = field(default_factory=dict)
    periodic: tuple[bool, ...] = ()

    def sizes(self, default: tuple[int, ...]) -> tuple[int, ...]:
        """The positional integers, or `default` when none are written."""
        given = self.options.get("sizes")
        return tuple(int(n) for n in given) if isinstance(given, tuple | list) and given else default


class LearnedFamily(nn.Module, ABC):
    """Base of all families.

    A family sees inputs of order one and returns outputs of order one; `LearnedTermModule` does the scaling.
    It starts near zero output without being stuck there.

    Attributes
    ----------
    radius : int
        Cells seen in each direction: 0 for a pointwise family, whose ``forward`` takes and returns
        ``(..., inputs) -> (..., outputs)``. A neighbourhood family (`radius` > 0) takes ``(B, inputs, *S')`` with
        ``S' = S + 2*radius`` ghost cells already filled by the equation's own walls, and returns ``(B, outputs, *S)``.
    whole : bool
        Whether it sees the whole domain, ``(B, inputs, *S) -> (B, outputs, *S)`` without ghost cells; `radius` is 0.
    centred : bool
        Whether inputs may be shifted to mean zero. A family whose weights are the coefficients of the physical
        monomials must not be: a shift makes every sparse formula dense.
    """

    radius: int = 0
    whole: bool = False
    centred: bool = True

    @abstractmethod
    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs of the family at dimensionless inputs."""

    def components(self, inputs: Sequence[Tensor], scales: Tensor) -> tuple[Tensor, ...] | None:
        """A pointwise family between its scales, ``s*family((x - center)/scale)``; None where it has no kernel for it.

        Parameters
        ----------
        inputs : sequence of Tensor
            Physical, one for each input, of one shape.
        scales : Tensor
            Centres and scales of the inputs, scales of the outputs.

        Returns
        -------
        tuple of Tensor or None
            One for each output.
        """
        return None

    def complexity(self) -> Tensor | None:
        """An extra cost the family asks for (sparsity of a ``library``), or None."""
        return None

    def sparsify(self, threshold: float) -> tuple[int, int] | None:
        """Drop what contributes less than `threshold` times the largest part, for good.

        Returns
        -------
        tuple of int or None
            Parts that remain and parts there were; None for a family that is never sparse.
        """
        return None

    def amplify_start(self, factor: float) -> None:
        """Multiply the output that fresh weights give; nothing to do for a family that starts from zero."""

    def polynomial(self, output: int) -> Polynomial | None:
        """One output as a polynomial of the dimensionless inputs, or None where it is not one."""
        return None
