"""`VectorField`: a compiled model as an ordinary `torch.nn.Module`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.module import _has_any_global_hook

from eqdsl.core.errors import UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.learned.rows import MemberRows
from eqdsl.learned.table import build_term
from eqdsl.learned.term import LearnedTermModule
from eqdsl.lowering.coordinates import buffer_name, coordinate_tensor, coordinates
from eqdsl.lowering.driving import RowDriving, driving_of
from eqdsl.lowering.flow import Flow, Rest
from eqdsl.lowering.fused.field import FusedRates
from eqdsl.lowering.linear_part import LinearStructure, linear_structure
from eqdsl.lowering.lower import lower
from eqdsl.lowering.members import Members
from eqdsl.lowering.named_outputs import NamedOutputs
from eqdsl.lowering.ode.field import OdeSteps
from eqdsl.lowering.operations import OPERATIONS, Context
from eqdsl.lowering.pairs import position_velocity_pairs, velocity_forces
from eqdsl.lowering.parameters import MANY, ParameterSet
from eqdsl.lowering.prepared import PreparedField
from eqdsl.lowering.program import Program, frames_read, unchanging
from eqdsl.lowering.solver import solvers_of
from eqdsl.lowering.transport_operations import TRANSPORT_OPERATIONS
from eqdsl.model.model import ENVIRONMENT, Model
from eqdsl.model.semilagrangian import rest_of
from eqdsl.numerics.driving import Driving
from eqdsl.numerics.grid import Grid, grid_from_model
from eqdsl.numerics.linear_part import LinearPart

_CALLS = {**OPERATIONS, **TRANSPORT_OPERATIONS}
"""Every operation a step may name."""

_ANCHOR = "anchor"
"""Buffer that tells the module's dtype and device."""


class VectorField(NamedOutputs):
    """``d(state)/dt = field(t, state)`` of a model on a grid.

    Shapes: state ``(B, C, *S)`` with B trajectories, C channels in the order of `model.channels`, S the grid (nothing
    for an ODE). Times are floats, 0-dim tensors, or ``(B,)`` tensors with one time per trajectory. Units are the
    model's own. Works with `torchdiffeq.odeint` as it is.

    Attributes
    ----------
    model, grid, program
        What was compiled, on what, and into what.
    physical : ParameterSet
        The parameters.
    learned : nn.ModuleDict
        One module per learned term, under ``"term_" + name``.
    members : Members
        Environments and trajectories with values of their own.
    """

    def __init__(
        self, model: Model, grid: Grid, program: Program, physical: ParameterSet,
        learned: dict[str, LearnedTermModule], kernels: bool | None = None, members: Members | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.model, self.grid, self.program = model, grid, program
        self.physical = physical
        self.members = Members() if members is None else members
        self.learned = nn.ModuleDict({f"term_{name}": module for name, module in learned.items()})
        self.solvers = solvers_of(program)
        self.fused = FusedRates(program, model, grid, kernels)
        self.ode = OdeSteps(self, kernels)
        # A model without parameters has a precision and a device too.
        self.register_buffer(_ANCHOR, torch.zeros((), dtype=torch.float64), persistent=False)
        self._coordinate_keys = coordinates(program)
        for axis, halo in self._coordinate_keys:
            self.register_buffer(buffer_name(axis, halo), coordinate_tensor(grid, axis, halo), persistent=False)
        self._schedules: dict[tuple[tuple[int, ...], bool], tuple[int, ...]] = {}
        self._static = unchanging(program)
        self._linear: LinearStructure | None = None
        self._reads = tuple(sorted({str(s.attributes[0]) for s in program.steps if s.operation == "input"}))
        self._driving: Driving | None = None
        self._past: Tensor | None = None
        self.memory = frames_read(program, range(len(program.steps)))
        """Past frames that anything in it reads, the newest one included; 0 when nothing does."""
        self.remembers = frames_read(program, self._read_in_rollouts()) > 0
        """Whether its rates read past frames, so that rollouts hand them on from frame to frame."""

    def _read_in_rollouts(self) -> list[int]:
        flow = self.program.flow
        carried = () if flow is None else flow.carried
        return [*self.totals, *(n for c in carried for n in (c.values, *c.velocity, *c.diffusivity))]

    def with_past(self, past: Tensor | None) -> VectorField:
        """The same vector field, weights shared, that remembers the frames ``(B, frames, C, *S)``, the newest last.

        Raises
        ------
        UsageError
            There are fewer frames than it reads, or they are no frames of such states.
        """
        if past is None or not self.memory:
            return self
        if past.shape[2:] != (len(self.model.channels), *self.grid.shape) or past.shape[1] < self.memory:
            wanted = ("B", str(self.memory), *map(str, (len(self.model.channels), *self.grid.shape)))
            raise UsageError(
                f"past frames have the shape {tuple(past.shape)}, the vector field reads ({', '.join(wanted)})",
                help="give the last frames of each trajectory, the newest last",
            )
        other = copy.copy(self)
        other._past = past
        return other

    @property
    def past(self) -> Tensor | None:
        """The frames that it remembers, (B, frames, C, *S)."""
        return self._past

    def _past_frame(self, state: Tensor) -> Callable[[int], Tensor]:
        past = self._past

        def frame(back: int) -> Tensor:
            if past is None:
                raise UsageError(
                    "a learned term reads past frames, and the vector field has none",
                    help="give it: `field.with_past(frames)`, on the command line `--from FILE.h5`",
                )
            if len(past) != len(state):
                raise UsageError(f"the past frames are those of {len(past)} trajectories, the state has {len(state)}")
            return past[:, past.shape[1] - 1 - back].to(state)

        return frame

    def forward(self, t: float | Tensor, state: Tensor) -> Tensor:
        """Time derivative of the state, ``(B, C, *S)``."""
        if self.fusible(state):
            return self.fused(state, self.physical, lambda wanted: self.evaluate(t, state, wanted))
        return self.rates(t, state)

    def fusible(self, state: Tensor) -> bool:
        """Whether the rates at a state come from a kernel; torch promotes states of another type than the weights."""
        return state.dtype == self.dtype and self.fused.ready(state)

    def rates(self, t: float | Tensor, state: Tensor, given: dict[int, Any] | None = None) -> Tensor:
        """Time derivative of the state by torch alone, ``(B, C, *S)``; `given` as in `evaluate`."""
        return torch.stack([self._on_grid(v, state) for v in self.evaluate(t, state, self.totals, given)], dim=1)

    def for_rollout(self, t: Tensor, state: Tensor) -> PreparedField | VectorField:
        """The same field with what follows from its parameters alone evaluated once, to be differentiated once.

        A field stays as it is where hooks listen to it, which hear every call, where its `forward` is replaced, and
        where the data drive it.
        """
        hooks = (self._forward_hooks, self._forward_pre_hooks, self._backward_hooks, self._backward_pre_hooks)
        own = getattr(self.forward, "__func__", None) is not VectorField.forward
        as_it_is = own or any(hooks) or _has_any_global_hook() or self._reads
        return self if as_it_is else PreparedField(self, t, state)

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of what it reads from the data: inputs, and walls that follow the data."""
        return self._reads

    @property
    def driving(self) -> Driving | None:
        """What drives it."""
        return self._driving

    def driven(self, by: Trajectories | Driving | None) -> VectorField:
        """The same vector field, weights shared, driven by the inputs of some trajectories, row by row.

        Raises
        ------
        DataError
            An input is missing, a map lies on another grid, or an environment is none of those of the fit.
        """
        if not (self._reads or self.model.scopes) or by is None:
            return self
        driving = by if isinstance(by, Driving) else driving_of(self.model, self.grid, by, self.members)
        other = copy.copy(self)
        other._driving = driving.to(self.get_buffer(_ANCHOR))
        return other

    def of_rows(self, rows: Tensor) -> VectorField:
        """The same vector field for some of the trajectories that drive it."""
        field = self if self._past is None else self.with_past(self._past[rows])
        if field._driving is None or field._driving.rows == 1:
            return field
        return field.driven(field._driving.select(rows))

    def elsewhere(self) -> VectorField:
        """The same vector field with each row in another environment; see `RowDriving.elsewhere`."""
        if not isinstance(self._driving, RowDriving):
            return self
        return self.driven(self._driving.elsewhere(self.members.count(ENVIRONMENT)))

    def inside(self, begin: Tensor, end: Tensor) -> VectorField:
        """The same vector field for the stages of one step; see `Driving.inside`."""
        if self._driving is None:
            return self
        other = copy.copy(self)
        other._driving = self._driving.inside(begin, end)
        return other

    @property
    def per_trajectory(self) -> bool:
        """Whether each row of a state is driven by values of its own."""
        return (self._driving is not None and self._driving.rows > 1) or (self._past is not None and self.remembers)

    def _driven_value(self, t: float | Tensor, state: Tensor) -> Callable[[str, bool], Tensor]:
        driving, when = self._driving, torch.as_tensor(t, dtype=torch.float64, device=state.device)

        def value(name: str, rate: bool) -> Tensor:
            if driving is None:
                raise UsageError(
                    f"`{name}` is read from the data, and the vector field has none",
                    help="give it: `field.driven(trajectories)`, on the command line `--from` or `--inputs FILE.h5`",
                )
            if driving.rows not in (1, len(state)):
                raise UsageError(f"the inputs are those of {driving.rows} trajectories, the state has {len(state)}")
            return driving.at(name, when, rate=rate).to(state)

        return value

    def linear_part(self) -> LinearPart:
        """The terms that are linear with constant coefficients, at the present parameters and differentiable in them.

        What semi-Lagrangian steps take over is none of them.

        Raises
        ------
        UsageError
            There are none, or the walls allow no transform that suits them; the message says which.
        """
        if self._linear is None:
            self._linear = linear_structure(rest_of(self.model), self.grid)
        return self._linear.part(self.physical.values(), self.dtype, self.device)

    def flow(self) -> Flow | None:
        """The semi-Lagrangian steps of ``scheme advect = semilagrangian``; None without it."""
        if self.program.flow is None:
            return None
        totals = self.program.flow.rest
        rest = Rest(totals, self.evaluate, self.linear_part) if totals else None
        return Flow(self.grid, self.program, self.evaluate, rest)

    def pairs(self) -> tuple[tuple[int, int], ...] | None:
        """``(position, velocity)`` channels, where every state is second order in time; else None."""
        return position_velocity_pairs(self.program)

    def velocity_forces(self) -> bool:
        """Whether the rate of a velocity depends on a velocity."""
        return velocity_forces(self.program)

    @property
    def autonomous(self) -> bool:
        """Whether the vector field does not depend on the time."""
        return not any(step.operation in ("time", "input") for step in self.program.steps)

    @property
    def dtype(self) -> torch.dtype:
        """Floating-point type of parameters and weights."""
        return self.get_buffer(_ANCHOR).dtype

    @property
    def device(self) -> torch.device:
        """Device of parameters and weights."""
        return self.get_buffer(_ANCHOR).device

    @property
    def terms_by_name(self) -> dict[str, LearnedTermModule]:
        """The learned terms."""
        # Looked up each time, so that a deep copy of the field uses its own modules.
        return {name.removeprefix("term_"): cast(LearnedTermModule, module) for name, module in self.learned.items()}

    # ---------------------------------------------------------- evaluation

    @property
    def totals(self) -> list[int]:
        """Steps that hold the right-hand sides."""
        return [e.total for e in self.program.equations]

    def evaluate(
        self, t: float | Tensor, state: Tensor, wanted: Sequence[int], given: dict[int, Any] | None = None,
        learned: dict[str, Any] | None = None,
    ) -> list[Any]:  # fmt: skip
        """Values of the wanted steps; only steps they depend on are run.

        Parameters
        ----------
        given : dict, optional
            What `static_values` found for them.
        learned : dict, optional
            What stands for the learned terms.
        """
        members = self._members_of(state)
        context = Context(
            time=torch.as_tensor(t, dtype=state.dtype, device=state.device),
            state=state,
            parameters=self.physical.rows(members) if given is None else {},
            coordinates={key: self.get_buffer(buffer_name(*key)) for key in self._coordinate_keys},
            learned=self.terms_by_name if learned is None else learned,
            solvers=self.solvers,
            driving=self._driven_value(t, state) if self._reads else None,
            past=self._past_frame(state) if self.memory else None,
            members=members,
        )
        values: dict[int, Any] = {} if given is None else dict(given)
        for number in self._schedule(tuple(wanted), given is not None):
            if number not in values:
                step = self.program.steps[number]
                inputs = [values[i] for i in step.inputs]
                values[number] = _CALLS[step.operation](context, *inputs, *step.attributes)
        return [values[number] for number in wanted]

    def _members_of(self, state: Tensor) -> Mapping[str, MemberRows]:
        """The environment and the trajectory of each row of a state, by scope."""
        members = self._driving.members if isinstance(self._driving, RowDriving) else {}
        for scope, rows in members.items():
            if len(rows) not in (1, len(state)):
                raise UsageError(f"the {MANY[scope]} are those of {len(rows)} trajectories, the state has {len(state)}")
        return members

    def static_values(self, t: float | Tensor, state: Tensor, wanted: Sequence[int]) -> dict[int, Any]:
        """Values of the steps behind `wanted` that depend neither on the state nor on the time, as far as needed."""
        static = [n for n in self._schedule(tuple(wanted), True) if n in self._static]
        return dict(zip(static, self.evaluate(t, state, static), strict=True))

    def still_steps(self) -> frozenset[int]:
        """Steps that do not depend on the state."""
        return unchanging(self.program, ("time",))

    def _schedule(self, wanted: tuple[int, ...], prepared: bool = False) -> tuple[int, ...]:
        """Steps to run, in order; `prepared`: without what static ones are made of."""
        found = self._schedules.get((wanted, prepared))
        if found is None:
            needed, waiting = set(wanted), list(wanted)
            while waiting:
                number = waiting.pop()
                if prepared and number in self._static:
                    continue
                new = [i for i in self.program.steps[number].inputs if i not in needed]
                needed.update(new)
                waiting.extend(new)
            found = self._schedules[wanted, prepared] = tuple(sorted(needed))
        return found


def compile_model(
    model: Model, *, grid: Grid | None = None, dtype: torch.dtype = torch.float64, seed: int = 0,
    kernels: bool | None = None, members: Members | None = None,
) -> VectorField:  # fmt: skip
    """Compile a checked model into a vector field.

    Parameters
    ----------
    model : Model
    grid : Grid, optional
        Default: the model's ``grid`` statement.
    dtype : torch.dtype
        Of parameters, weights and states.
    seed : int
        Of the learned terms' first weights; torch's global random state is left as it was.
    kernels : bool, optional
        Whether the known part runs as compiled kernels with a compiled adjoint; same results to rounding.
        Default: on grids of 1024 points or more, unless the environment says ``EQDSL_KERNELS=off``. Without a C
        compiler (on a GPU: Triton), or for equations that have no kernel yet, plain torch serves.
    members : Members, optional
        Environments and trajectories that have values of their own; without them all share one.

    Returns
    -------
    VectorField

    Raises
    ------
    UsageError
        The model has space but no grid is given, or the grid is too small for the stencils.
    """
    grid = grid_from_model(model) if grid is None else grid
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        environments = members.count(ENVIRONMENT) if members is not None else 1
        periodic = tuple(a.periodic for a in grid.axes)
        learned = {t.name: build_term(t, model.dimension, environments, periodic).to(dtype) for t in model.learned}
    program = lower(model, grid, {name: module.radius for name, module in learned.items()})
    physical = ParameterSet(model.parameters, grid, dtype, members)
    return VectorField(model, grid, program, physical, learned, kernels, members).to(dtype)
