"""`FitConfig` from TOML files and ``section.key=value`` texts, and back to TOML with comments."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig


def load_config(path: str | Path) -> FitConfig:
    """The options of a TOML file; keys that it leaves out keep their defaults.

    Raises
    ------
    UsageError
        The file cannot be read, is not TOML, or has wrong keys or values; all of these in one message.
    """
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", help="give the path of a TOML file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text", help="save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: is not TOML: {error}", help="write `key = value` under a `[section]`") from None
    return _validated(values, str(path))


def with_overrides(config: FitConfig, overrides: Sequence[str], *, option: str = "--set") -> FitConfig:
    """The options with some of them set by texts like ``optimizer.steps=2000``.

    A value is read as TOML where it is that, else as a text: ``run.device=cpu`` needs no quotes. Messages begin with
    the `option` that the texts come from.

    Raises
    ------
    UsageError
        A text has no ``section.key=value`` form, or a key or value is wrong; all of these in one message.
    """
    values = config.model_dump()
    malformed = []
    for text in overrides:
        name, separator, value = text.partition("=")
        path = name.strip().split(".")
        if not separator or len(path) < 2 or not all(path):
            malformed.append(f"`{text}` is not `section.key=value`")
            continue
        place = values
        for part in path[:-1]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                malformed.append(f"`{text}` is not `section.key=value`")
                break
        else:
            place[path[-1]] = _toml_value(value.strip())
    if malformed:
        raise UsageError(f"{option}: " + "; ".join(malformed), help="for example `optimizer.steps=2000`")
    return _validated(values, option)


def config_text(config: FitConfig) -> str:
    """The options as TOML, each under a comment that says what it means; `load_config` reads it back."""
    lines = ["# Options of a fit."]
    for section_name in type(config).model_fields:
        section: BaseModel = getattr(config, section_name)
        lines += ["", f"# {_summary(section)}", f"[{section_name}]"]
        tables: list[str] = []
        for key, info in type(section).model_fields.items():
            value = getattr(section, key)
            if isinstance(value, Mapping):
                tables += _table(f"{section_name}.{key}", info, value)
            else:
                lines += [f"# {info.description}", f"# {key} =" if value is None else f"{key} = {_toml_text(value)}"]
        lines += tables
    return "\n".join(lines) + "\n"


def changed_keys(first: FitConfig, second: FitConfig) -> list[str]:
    """Names ``section.key`` of the options that differ."""
    one, other = first.model_dump(), second.model_dump()
    return [f"{s}.{k}" for s, keys in one.items() for k in keys if keys[k] != other[s][k]]


def _summary(section: BaseModel) -> str:
    return (type(section).__doc__ or "").splitlines()[0]


def _table(name: str, info: FieldInfo, value: Mapping[str, str]) -> list[str]:
    rows = [f"{json.dumps(key)} = {_toml_text(text)}" for key, text in value.items()]
    return ["", f"# {info.description}", f"[{name}]", *rows] if rows else []


def _toml_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _toml_value(text: str) -> Any:
    if text.lower() in ("none", ""):
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _validated(values: Mapping[str, Any], where: str) -> FitConfig:
    try:
        return FitConfig.model_validate(values)
    except ValidationError as error:
        found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for item in error.errors():
            # A key that takes several types is reported once for each of them; deeper places name those types.
            found.setdefault(tuple(str(part) for part in item["loc"][:2]), []).append(dict(item))
        problems = [_problem(path, items) for path, items in found.items()]
    if len(problems) == 1:
        raise UsageError(f"{where}: {problems[0]}") from None
    raise UsageError(f"{where}: {len(problems)} problems\n" + "\n".join(f"- {p}" for p in problems)) from None


def _problem(path: tuple[str, ...], items: Sequence[Mapping[str, Any]]) -> str:
    """One line about one key, from what pydantic found."""
    name = ".".join(path)
    if items[0]["type"] == "extra_forbidden":
        known = _keys(path[:-1])
        near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean `{'.'.join([*path[:-1], near[0]])}`?" if near else f"known: {', '.join(known)}"
        return f"`{name}`: no such {'key' if len(path) > 1 else 'section'}; {hint}"
    if len(path) == 1:
        return f"`{name}` is a section: write `[{name}]` and under it {', '.join(_keys(path))}"
    wanted = " or ".join(dict.fromkeys(str(item["msg"]).removeprefix("Input should be ") for item in items))
    info = _section(path[0]).model_fields.get(path[1]) if len(path) == 2 else None
    meaning = f" ({info.description})" if info is not None else ""
    return f"`{name}`: {items[0]['input']!r} is not allowed; give {wanted}{meaning}"


def _keys(path: tuple[str, ...]) -> list[str]:
    """Keys that stand under a path: the sections, or those of one section."""
    return list(_section(path[0]).model_fields if path else FitConfig.model_fields)


def _section(name: str) -> type[BaseModel]:
    kind = FitConfig.model_fields[name].annotation
    assert isinstance(kind, type) and issubclass(kind, BaseModel)
    return kind
