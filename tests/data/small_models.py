"""Small checked models, built by hand so that these tests need nothing but the data half."""

from __future__ import annotations

from eqdsl.core.source import SourceText, Span
from eqdsl.model.model import INF, Axis, Channel, Field, Model

_NOWHERE = Span(0, 0)


def field(
    name: str,
    axes: tuple[str, ...] = (),
    *,
    vector: bool = False,
    time_order: int = 1,
    lower: float = -INF,
    upper: float = INF,
    unit: str | None = None,
) -> Field:
    return Field(name, axes, vector, time_order, lower, upper, unit, None, _NOWHERE)


def model(fields: tuple[Field, ...], axes: tuple[Axis, ...] = (), *, time: str = "t") -> Model:
    """A model with these states and nothing to say about them."""
    return Model(
        "test",
        None,
        SourceText("<test>", ""),
        axes,
        time,
        None,
        fields,
        _channels(fields, axes),
        (),
        (),
        {},
        (),
        (),
        (),
        {},
        (),
        (),
    )


def _channels(fields: tuple[Field, ...], axes: tuple[Axis, ...]) -> tuple[Channel, ...]:
    channels = []
    for f in fields:
        for velocity in (False, True)[: f.time_order]:
            for number, suffix in enumerate([f".{a.name}" for a in axes] if f.vector else [""]):
                name = f"dt({f.name}{suffix})" if velocity else f.name + suffix
                component = number if f.vector else None
                channels.append(Channel(name, f.name, component, velocity, bool(axes) and not f.axes))
    return tuple(channels)


def axis(
    name: str, lower: float = 0.0, upper: float = 1.0, *, periodic: bool = True, points: int | None = None
) -> Axis:
    return Axis(name, lower, upper, periodic, None, points)
