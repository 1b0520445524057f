"""Every default in words: what the file did not say and what is taken instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eqdsl.analysis.domain import Domain
from eqdsl.analysis.families import SIGNATURES
from eqdsl.analysis.inputs import RULES
from eqdsl.model.model import INF, Channel, Field, InitialValue, Input, Observation, Parameter, SolvedState
from eqdsl.model.text import number_text
from eqdsl.model.walls import WallCondition
from eqdsl.syntax import nodes

MONOTONE_ACTIVATION = "softplus"
"""Of an `mlp` with ``increasing(u)`` or ``decreasing(u)``; see `eqdsl.learned.monotone`."""


def defaults_in_words(
    statements: Sequence[nodes.Statement],
    domain: Domain,
    fields: Sequence[Field],
    channels: Sequence[Channel],
    parameters: Sequence[Parameter],
    inputs: Sequence[Input],
    walls: Sequence[WallCondition],
    initial: Sequence[InitialValue],
    solved: Sequence[SolvedState],
    observations: Sequence[Observation],
) -> Iterator[str]:
    """One sentence per default."""
    kinds = {type(s) for s in statements}
    if nodes.ModelName not in kinds:
        yield "no `model`: the name is that of the file"
    if nodes.Time not in kinds:
        yield "no `time`: the time is called `t` and has no unit"
    if domain.axes:
        yield from _of_space(domain)
    yield from _of_ranges(fields)
    yield from _of_walls(walls)
    yield from _of_driven(walls, inputs, domain)
    yield from _of_solved(solved)
    yield from _of_parameters(statements, parameters)
    yield from _of_learned(statements)
    yield from _of_initial(statements, channels, initial)
    hidden = [f.name for f in fields if f.hidden]
    if nodes.Observe not in kinds:
        every = "every state that is not hidden" if hidden else "every state"
        yield f"no `observe`: the data hold {every} under its own name, noise unknown"
    yield from _of_observations(observations)


def _of_space(domain: Domain) -> Iterator[str]:
    schemes = domain.choice.schemes
    if not domain.order_given:
        yield f"no `scheme{' order' if schemes else ''}`: central differences of order 2"
    if schemes.axes:
        silent = [f"d{a.name}" for a in domain.axes if a.name not in schemes.axes]
        if silent:
            yield f"no `scheme` for {_listed(silent)}: central"
    if schemes:
        yield "central: derivatives of higher order, inside functions, as inputs of learned terms, in laws"
    missing = [a.name for a in domain.axes if a.points is None]
    if missing:
        yield f"no `grid` along {_listed(missing)}: the grid comes from the data"


def _of_ranges(fields: Sequence[Field]) -> Iterator[str]:
    names = [f.name for f in fields if f.lower > -INF or f.upper < INF]
    if names:
        yield f"the range of {_listed(names)} is assumed where formulas are simplified, and not enforced in a solution"


def _of_walls(walls: Sequence[WallCondition]) -> Iterator[str]:
    texts = [w.text for w in walls if w.announced and not w.channel.startswith("dt(")]
    if texts:
        yield "no `bc`: " + ", ".join(f"`{t}`" for t in texts)


def _of_driven(walls: Sequence[WallCondition], inputs: Sequence[Input], domain: Domain) -> Iterator[str]:
    series = [i for i in inputs if i.time]
    for rule in dict.fromkeys(i.rule for i in series):
        yield f"{_listed([i.name for i in series if i.rule == rule])} between its times: {RULES[rule]}"
    driven = [w for w in walls if w.from_data]
    if driven:
        yield (
            "walls from data: the points there follow the data, linear between frames, and are left out of losses and "
            "scores"
        )
    cells = [a.name for a in domain.axes if a.position == "cells" and any(w.axis == a.name for w in driven)]
    if cells:
        yield f"along {_listed(cells)} these points are the outermost cells, half a spacing inside the wall"


def _of_solved(solved: Sequence[SolvedState]) -> Iterator[str]:
    names = [s.channel.name for s in solved]
    if names:
        verb, pronoun = ("is", "it is") if len(names) == 1 else ("are", "they are")
        yield f"{_listed(names)} {verb} solved for at every evaluation: {pronoun} neither started nor in the data"
    for state in (s for s in solved if s.up_to_constant):
        name = state.channel.name
        yield (
            f"the equation and the walls of `{name}` leave a constant open: its mean is 0, and a mean of the rest of "
            "the equation, which nothing balances, is taken off with a warning"
        )


def _of_parameters(statements: Sequence[nodes.Statement], parameters: Sequence[Parameter]) -> Iterator[str]:
    free = {s.symbol.name for s in statements if isinstance(s, nodes.Param) and s.fitted and s.value is None}
    for parameter in parameters:
        if parameter.name in free:
            yield f"no start for `{parameter.name}`: the fit starts from {number_text(parameter.value)}"


def _of_learned(statements: Sequence[nodes.Statement]) -> Iterator[str]:
    for statement in statements:
        if not isinstance(statement, nodes.Learned):
            continue
        names = _listed([h.name for h in statement.heads])
        family = statement.family.name if statement.family else "mlp"
        signature = SIGNATURES[family]
        sizes = ", ".join(str(s) for s in signature.default)
        options = dict(signature.options)
        if family == "mlp" and any(_monotone(c) for c in statement.constraints):
            options["act"] = MONOTONE_ACTIVATION
        if statement.family is None:
            yield f"no family for {names}: `mlp({sizes}, act = {options['act']})`"
            continue
        said = {k.name for k in statement.family.keywords}
        unsaid = [f"{n} = {v}" for n, v in options.items() if n not in said]
        if not statement.family.arguments and sizes:
            unsaid.insert(0, sizes)
        if unsaid:
            yield f"not said for {names}: `{family}({', '.join(unsaid)})`"


def _monotone(constraint: nodes.Expression) -> bool:
    return isinstance(constraint, nodes.Call) and constraint.name in ("increasing", "decreasing")


def _of_initial(
    statements: Sequence[nodes.Statement], channels: Sequence[Channel], initial: Sequence[InitialValue]
) -> Iterator[str]:
    said = {(s.state, s.order == 1) for s in statements if isinstance(s, nodes.Init)}
    silent = {c.name for c in channels if (c.field, c.velocity) not in said}
    fitted = {c.name for c in channels if c.hidden}
    explained = [i.channel for i in initial if i.kind == "fit" and i.channel in fitted and i.channel not in silent]
    if explained:
        yield (
            f"the start of {_listed(explained)} is fitted for each trajectory; for scores on others, to their first "
            "frames alone"
        )
    encoded = [i.channel for i in initial if i.kind == "encode"]
    if encoded:
        yield (
            f"the start of {_listed(encoded)} is made of past frames: rollouts start at the last of the first history"
        )
    groups = {
        "data": "the first frame of the data",
        "fit": "the first frame if the data hold it, otherwise fitted",
        "expression": "0 at the start",
    }
    for kind, words in groups.items():
        names = [i.channel for i in initial if i.kind == kind and i.channel in silent]
        if names:
            yield f"no `init` for {_listed(names)}: {words}"


def _of_observations(observations: Sequence[Observation]) -> Iterator[str]:
    for observation in observations:
        if observation.of_state and observation.components:
            yield (
                f"rollouts start from what the data hold as `{observation.name}`, and are compared with it as "
                f"`{observation.text}`"
            )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{n}`" for n in names)
