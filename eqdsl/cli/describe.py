"""A checked model in words and as JSON."""

from __future__ import annotations

import math
from typing import Any

from eqdsl.lowering.linear_terms import LinearTerms
from eqdsl.model.learned_terms import (
    ADAPTS,
    PER,
    Constraint,
    DivergenceFree,
    LearnedTerm,
    Monotone,
    Parity,
    Pinned,
    Range,
    ZeroMean,
)
from eqdsl.model.model import Axis, Field, Input, Model, Observation, Parameter
from eqdsl.model.scheme import Scheme
from eqdsl.model.semilagrangian import rest_of
from eqdsl.model.text import expr_text, number_text


def model_json(model: Model) -> dict[str, Any]:
    """The model as ``eqdsl show --json`` prints it."""
    return {
        "name": model.name,
        "doc": model.doc,
        "axes": [_axis_json(axis) for axis in model.axes],
        "time": {"name": model.time, "unit": model.time_unit},
        "states": [_field_json(field) for field in model.fields],
        "parameters": [_parameter_json(parameter) for parameter in model.parameters],
        "inputs": [_input_json(declared) for declared in model.inputs],
        "known": {name: d.text for name, d in model.definitions.items() if d.known},
        "learned": [_learned_json(model, term) for term in model.learned],
        "equations": {equation.channel: equation.text for equation in model.equations},
        "solved": {state.channel.name: state.text for state in model.solved},
        "linear": _linear(model),
        "boundary": [wall.text for wall in _distinct_walls(model)],
        "initial": {initial.channel: _initial_text(initial.kind, initial.expr) for initial in model.initial},
        "laws": {law.name: {"expression": law.text, "trend": law.trend} for law in model.laws},
        "penalties": {penalty.name: penalty.text for penalty in model.penalties},
        "observed": {o.name: o.text for o in model.observations},
        "noise": dict(model.noise),
        "noise_fitted": list(model.noise_fitted),
        "order": model.order,
        "schemes": _schemes_json(model),
        "defaults": list(model.defaults),
    }


def model_in_words(model: Model) -> str:
    """The model as ``eqdsl show`` prints it: one section a subject, the defaults last."""
    known = [f"{name} = {d.text}" for name, d in model.definitions.items() if d.known]
    sections = {
        "Space": [_axis_words(axis) for axis in model.axes],
        "States": [_field_words(field) for field in model.fields],
        "Parameters": [_parameter_words(parameter) for parameter in model.parameters],
        "Inputs, from the data": [_input_words(declared, model.time) for declared in model.inputs],
        "Known terms": known,
        "Learned terms": [_learned_words(model, term) for term in model.learned],
        "Equations": [*(equation.text for equation in model.equations), *(state.text for state in model.solved)],
        "Boundary conditions": [wall.text for wall in _distinct_walls(model)],
        "Linear part, which imex and etd methods treat apart": [f"{c}: {text}" for c, text in _linear(model).items()],
        "Schemes": _schemes_words(model),
        "Initial values": [f"{i.channel} = {_initial_text(i.kind, i.expr)}" for i in model.initial],
        "Observed": [_observation_words(model, o) for o in model.observations],
        "Laws": [f"{law.name} = {law.text} ({law.trend})" for law in model.laws],
        "Penalties": [f"{penalty.name} = {penalty.text}" for penalty in model.penalties],
        "Defaults": list(model.defaults),
    }
    lines = [model.name + (f": {model.doc}" if model.doc else "")]
    for title, entries in sections.items():
        if entries:
            lines += ["", title, *(f"  {entry}" for entry in entries)]
    return "\n".join(lines)


def _input_words(declared: Input, time: str) -> str:
    arguments = ", ".join((*declared.axes, *((time,) if declared.time else ())))
    rule = f", {declared.rule} in time" if declared.time else ""
    per = ", one per trajectory" if declared.per_trajectory else ""
    doc = f": {declared.doc}" if declared.doc else ""
    return f"{declared.name}{f'({arguments})' if arguments else ''}{_in_unit(declared.unit)}{rule}{per}{doc}"


def _input_json(declared: Input) -> dict[str, Any]:
    return {
        "name": declared.name, "axes": list(declared.axes), "time": declared.time,
        "interpolation": declared.rule if declared.time else None, "per_trajectory": declared.per_trajectory,
        "unit": declared.unit, "doc": declared.doc,
    }  # fmt: skip


def _observation_words(model: Model, observation: Observation) -> str:
    first = observation.channels[0].name
    text = observation.name if observation.text == observation.name else f"{observation.name} = {observation.text}"
    if first in model.noise_fitted:
        text += ", noise fitted"
    elif first in model.noise:
        text += f", noise {number_text(model.noise[first])}"
    return text + (f": {observation.doc}" if observation.doc else "")


def _linear(model: Model) -> dict[str, str]:
    """The linear terms with constant coefficients of each equation over space; along walls fewer may be usable."""
    if not model.axes:
        return {}
    written = {e.channel for e in model.equations}
    terms = LinearTerms(rest_of(model)).of_model()
    return {name: expr_text(terms[name], time=model.time) for name in terms if name in written}


def _schemes_words(model: Model) -> list[str]:
    """What transports and how; nothing where all is central."""
    lines = [f"along {axis}: {scheme.text} ({scheme.words})" for axis, scheme in model.schemes.axes.items()]
    advect = model.schemes.advect
    if advect is not None:
        lines.append(f"advect: {f'{advect.text} ({advect.words})' if isinstance(advect, Scheme) else advect}")
    return [*lines, *model.transport]


def _schemes_json(model: Model) -> dict[str, str]:
    found = {f"d{axis}": scheme.text for axis, scheme in model.schemes.axes.items()}
    advect = model.schemes.advect
    if advect is not None:
        found["advect"] = advect.text if isinstance(advect, Scheme) else advect
    return found


def _between(lower: float, upper: float) -> str:
    """Bounds in words; whether an end is open makes no difference to numbers that are only near it."""
    if math.isinf(lower) and math.isinf(upper):
        return ""
    if math.isinf(upper):
        return f"above {number_text(lower)}"
    return f"below {number_text(upper)}" if math.isinf(lower) else f"from {number_text(lower)} to {number_text(upper)}"


def _in_unit(unit: str | None) -> str:
    return f" {unit}" if unit else ""


def _axis_words(axis: Axis) -> str:
    topology = "periodic" if axis.periodic else "walls at both ends"
    points = f", {axis.points} {axis.position}" if axis.points is not None else ""
    return f"{axis.name} {_between(axis.lower, axis.upper)}{_in_unit(axis.unit)}, {topology}{points}"


def _axis_json(axis: Axis) -> dict[str, Any]:
    return {
        "name": axis.name, "lower": axis.lower, "upper": axis.upper, "periodic": axis.periodic, "unit": axis.unit,
        "points": axis.points, "position": axis.position,
    }  # fmt: skip


def _field_words(field: Field) -> str:
    name = f"{field.name}({', '.join(field.axes)})" if field.axes else field.name
    parts = [f"{'vector ' if field.vector else ''}{name}{_in_unit(field.unit)}"]
    if field.time_order == 2:
        parts.append("second order in time")
    if field.time_order == 0:
        parts.append("solved for")
    return ", ".join(filter(None, [*parts, _between(field.lower, field.upper)]))


def _field_json(field: Field) -> dict[str, Any]:
    return {
        "name": field.name, "axes": list(field.axes), "vector": field.vector, "time_order": field.time_order,
        "lower": field.lower, "upper": field.upper, "unit": field.unit,
    }  # fmt: skip


def _parameter_words(parameter: Parameter) -> str:
    name = f"{parameter.name}({', '.join(parameter.axes)})" if parameter.axes else parameter.name
    text = f"{name} = {number_text(parameter.value)}{_in_unit(parameter.unit)}"
    if not parameter.fitted:
        return text
    per = f"one per {parameter.per}, " if parameter.per else ""
    return f"{text}, {per}fitted {_between(parameter.lower, parameter.upper)}".rstrip()


def _parameter_json(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name, "value": parameter.value, "fitted": parameter.fitted, "lower": parameter.lower,
        "upper": parameter.upper, "axes": list(parameter.axes), "unit": parameter.unit, "per": parameter.per,
    }  # fmt: skip


def _family(term: LearnedTerm) -> str:
    sizes = term.options.get("sizes")
    words = [str(size) for size in sizes] if isinstance(sizes, tuple) else []
    words += [f"{key} = {value}" for key, value in term.options.items() if key != "sizes"]
    return f"{term.family}({', '.join(words)})"


def _constraint(model: Model, term: LearnedTerm, constraint: Constraint) -> str:
    """A constraint as it is built in."""
    match constraint:
        case Pinned():
            values = dict(constraint.at)
            shown = [number_text(values[i]) if i in values else name for i, name in enumerate(term.input_names)]
            return f"{term.outputs[constraint.output]}({', '.join(shown)}) = {number_text(constraint.value)}"
        case Range():
            return f"{term.outputs[constraint.output]} {_between(constraint.lower, constraint.upper)}"
        case Parity():
            return f"{'odd' if constraint.odd else 'even'}({term.input_names[constraint.input]})"
        case Monotone():
            return f"{'increasing' if constraint.increasing else 'decreasing'}({term.input_names[constraint.input]})"
        case ZeroMean():
            return f"mean({term.outputs[constraint.output]}) = 0"
        case DivergenceFree():
            return f"div({term.name}) = 0 by {_flow(model, constraint)}"


def _flow(model: Model, constraint: DivergenceFree) -> str:
    """How a divergence is made zero, and what that says at walls."""
    uniform = ", ".join(model.axes[i].name for i in constraint.uniform)
    how = "a stream function" if constraint.stream else "projection"
    if uniform:
        how += f" and a uniform flow along {uniform}"
    walls = ", ".join(a.name for a in model.axes if not a.periodic)
    return f"{how}, no flow through the walls of {walls}" if walls else how


def _learned_words(model: Model, term: LearnedTerm) -> str:
    inputs = ", ".join(term.input_names)
    text = f"{', '.join(f'{output}({inputs})' for output in term.outputs)}{_in_unit(term.unit)} by {_family(term)}"
    text += {PER: ", one per environment", ADAPTS: ", adapts to the environment"}.get(term.scope or "", "")
    if term.constraints:
        text += f" with {', '.join(_constraint(model, term, c) for c in term.constraints)} (by construction)"
    return text


def _learned_json(model: Model, term: LearnedTerm) -> dict[str, Any]:
    return {
        "name": term.name, "outputs": list(term.outputs), "inputs": list(term.input_names), "unit": term.unit,
        "family": _family(term), "constraints": [_constraint(model, term, c) for c in term.constraints],
        "environment": term.scope,
    }  # fmt: skip


def _initial_text(kind: str, expr: Any) -> str:
    if kind in ("expression", "encode"):
        return expr_text(expr)
    start = f", from {expr_text(expr)}" if kind == "fit" and expr is not None else ""
    return {"data": "first frame of the data", "fit": f"fitted{start}"}[kind]


def _distinct_walls(model: Model) -> list[Any]:
    # One statement may set several sides; velocity channels repeat what their state says.
    velocities = {channel.name for channel in model.channels if channel.velocity}
    seen: dict[str, Any] = {}
    for wall in model.walls:
        if wall.channel not in velocities:
            seen.setdefault(wall.text, wall)
    return list(seen.values())
