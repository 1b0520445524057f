"""Which dataset fills which channels, and what each of its axes is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

from eqdsl.core.errors import DataError
from eqdsl.data.formats.native import COMPONENT, TRAJECTORY
from eqdsl.data.inventory import DatasetInfo
from eqdsl.data.mapping import Source, expand_index, map_option
from eqdsl.model.model import INF, Channel, Field, Model


@dataclass(frozen=True, slots=True)
class Need:
    """A name that the model looks for: the channels it fills (positions along C, names) and the roles of its axes."""

    name: str
    field: Field
    channels: tuple[int, ...]
    labels: tuple[str, ...]
    roles: tuple[str, ...]
    velocity: bool
    uniform: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """A need met by a dataset: `order` brings the selected axes into the order of `roles`."""

    need: Need
    info: DatasetInfo
    source: Source
    roles: tuple[str, ...]
    order: tuple[int, ...]
    sizes: Mapping[str, int]


def dataset_name(channel: Channel) -> str:
    """Name under which a channel's field is stored: ``u``, ``w``, ``dt(w)``."""
    return f"dt({channel.field})" if channel.velocity else channel.field


def fields_of_data(model: Model) -> dict[str, Field]:
    """What the data hold, by name of its dataset: states, and what is observed under names of its own."""
    found = {f.name: f for f in model.fields}
    axes = tuple(a.name for a in model.axes)
    for seen in model.observations:
        if not seen.of_state and seen.name not in found:
            first = seen.channels[0]
            found[seen.name] = Field(
                seen.name, () if first.uniform else axes, first.component is not None, 1, -INF, INF, None, seen.doc,
                seen.span,
            )  # fmt: skip
    return found


def needs(model: Model, mapped: Mapping[str, Source]) -> Iterator[Need]:
    """What the model's channels need, one entry per dataset; hidden ones need nothing.

    A vector state is one dataset with a last axis, unless the mapping names its components (``w.x=Vx``).
    """
    fields = fields_of_data(model)
    started = {i.channel for i in model.initial if i.kind == "data"}
    groups: dict[str, list[int]] = {}
    for position, channel in enumerate(model.data_channels):
        lacking = channel.name in model.unobserved and channel.name not in started
        if not lacking and not channel.hidden:
            groups.setdefault(dataset_name(channel), []).append(position)
    for name, positions in groups.items():
        first = model.data_channels[positions[0]]
        roles = (TRAJECTORY, model.time) + (() if first.uniform else tuple(a.name for a in model.axes))
        field = fields[first.field]
        split = first.component is not None and any(model.data_channels[p].name in mapped for p in positions)
        if first.component is None or split:
            for p in positions:
                label = model.data_channels[p].name
                yield Need(label if split else name, field, (p,), (label,), roles, first.velocity, first.uniform)
        else:
            labels = tuple(model.data_channels[p].name for p in positions)
            vector = (*roles, COMPONENT)
            yield Need(name, field, tuple(positions), labels, vector, first.velocity, first.uniform)


def place(
    need: Need, info: DatasetInfo, source: Source, known: Mapping[str, int], owners: Mapping[str, Source], file: str
) -> Placement:
    """Find out what each axis of a dataset is.

    Parameters
    ----------
    known : mapping of str to int
        Sizes that coordinates, times and earlier datasets prescribe, by role.
    owners : mapping of str to Source
        Where the coordinates and times come from, by role.

    Raises
    ------
    DataError
        Wrong number of axes, or sizes that do not fit; a transposition that would fit is shown.
    """
    try:
        _, shape = expand_index(source, info.shape)
    except ValueError as error:
        raise DataError(str(error), file=file, dataset=info.name, help=_index_help(need, source)) from None
    if 0 in shape:
        raise DataError(f"is empty: shape {shape}", file=file, dataset=info.name, help="store at least one trajectory")
    if source.roles is not None:
        roles, order = _named_order(need, source, file)
    else:
        roles = _roles_by_count(need, info, shape, file)
        order = tuple(range(len(shape)))
    sizes = {role: shape[axis] for role, axis in zip(roles, order, strict=True)}
    placement = Placement(need, info, source, roles, order, sizes)
    _check_sizes(placement, shape, {**known, COMPONENT: len(need.channels)}, owners, file)
    return placement


def _named_order(need: Need, source: Source, file: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    names = source.roles or ()
    required = need.roles[1:]
    strange = next((n for n in names if n not in need.roles), None)
    absent = next((r for r in required if r not in names), None)
    if strange is not None or absent is not None:
        what = f"has no axis `{strange}`" if strange is not None else f"needs its axis `{absent}` named"
        raise DataError(
            f"`{need.name}` {what} in `{source.text()}`",
            file=file,
            dataset=source.dataset,
            help=f"the axes of `{need.name}` are {', '.join(need.roles)}; `{TRAJECTORY}` may be absent",
        )
    roles = tuple(r for r in need.roles if r in names)
    return roles, tuple(names.index(r) for r in roles)


def _roles_by_count(need: Need, info: DatasetInfo, shape: tuple[int, ...], file: str) -> tuple[str, ...]:
    """All roles, or all but the trajectory, by the number of axes."""
    missing = len(need.roles) - len(shape)
    if missing in (0, 1):
        return need.roles[missing:]
    axes = "axis" if len(shape) == 1 else "axes"
    raise DataError(
        f"has {len(shape)} {axes} {shape}; `{need.name}` needs {len(need.roles)}: ({', '.join(need.roles)})",
        file=file,
        dataset=info.name,
        help=_count_help(need, info, len(shape)),
    )


def _count_help(need: Need, info: DatasetInfo, count: int) -> str:
    if count > len(need.roles):
        extra = ",".join(["..."] + ["0"] * (count - len(need.roles)))
        return f"pick a part of the further axes, as in {map_option(need.name, f'{info.name}[{extra}]')}"
    if count == 2 and need.field.axes:
        return f"if `{need.name}` does not vary in space, declare it without axes: `state {need.field.name}`"
    return f"store `{need.name}` with the axes ({', '.join(need.roles)})"


def _check_sizes(
    placement: Placement, shape: tuple[int, ...], known: Mapping[str, int], owners: Mapping[str, Source], file: str
) -> None:
    need, info, source = placement.need, placement.info, placement.source
    wrong = next((r for r in placement.roles if placement.sizes[r] != known.get(r, placement.sizes[r])), None)
    if wrong is None:
        return
    whole = all(s == slice(None) for s in source.index if isinstance(s, slice))
    if source.roles is None and whole:
        order = next((p for p in permutations(placement.roles) if _fits(p, shape, known)), None)
        if order is not None:
            raise DataError(
                f"its axes are in another order: the shape {shape} fits ({', '.join(order)}), "
                f"`{need.name}` is read as ({', '.join(placement.roles)})",
                file=file,
                dataset=info.name,
                help=f"name them: {map_option(need.name, _named(info, source, order))}",
            )
    size, expected = placement.sizes[wrong], known[wrong]
    text, remedy = _size_words(placement, wrong, size, expected, owners)
    raise DataError(f"its shape {shape} has {size} {text}", file=file, dataset=info.name, help=remedy)


def _size_words(
    placement: Placement, role: str, size: int, expected: int, owners: Mapping[str, Source]
) -> tuple[str, str]:
    """How to say that one size is wrong, and the mapping that would make it fit."""
    need, source = placement.need, placement.source
    if role == COMPONENT:
        return (
            f"components where the vector `{need.name}` has {expected}",
            f"store the components of `{need.name}` on the last axis, or map each: "
            f"{map_option(need.labels[0], f'{source.dataset}[...,0]')}",
        )
    if role == TRAJECTORY:
        return f"trajectories where the file's other datasets have {expected}", "give every dataset the same number"
    words = f"points along `{role}` where its coordinates are {expected}"
    if role == need.roles[1]:
        trap = " (PDEBench stores one time too many)" if expected == size + 1 else ""
        words = f"frames where `{role}` has {expected} times{trap}"
    if size < expected:
        dataset = owners[role].dataset if role in owners else role
        return words, f"drop the surplus: {map_option(role, f'{dataset}[:{size}]')}, or correct `{source.dataset}`"
    if source.index:
        return words, f"take {expected} along `{role}` in the index of `{source.text()}`, or correct `{role}`"
    index = ",".join([":"] * placement.roles.index(role) + [f":{expected}", "..."])
    return words, f"drop the surplus: {map_option(need.name, f'{source.dataset}[{index}]')}, or correct `{role}`"


def _fits(order: tuple[str, ...], shape: tuple[int, ...], known: Mapping[str, int]) -> bool:
    return all(known.get(role, size) == size for role, size in zip(order, shape, strict=True))


def _named(info: DatasetInfo, source: Source, order: tuple[str, ...]) -> str:
    """The source with its kept axes named; integers of the index stay."""
    index, _ = expand_index(source, info.shape)
    names = iter(order)
    return f"{info.name}[{','.join(str(s) if isinstance(s, int) else next(names) for s in index)}]"


def _index_help(need: Need, source: Source) -> str:
    named = f"{source.dataset}[{','.join(need.roles)}]"
    return f"say what each axis is, as in {map_option(need.name, named)}"
