"""Nested state (optimisers, counters, generators) as one safetensors file: tensors beside a JSON skeleton."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from eqdsl.core.errors import DataError

SKELETON = "skeleton"
"""Key of the file's metadata that holds everything but the tensors."""


def write_checkpoint(path: Path, tree: Mapping[str, Any]) -> None:
    """Write a tree of dicts, lists, tuples, tensors, numbers, texts and None; it is there whole or not at all."""
    tensors: dict[str, Tensor] = {}
    skeleton = json.dumps(_pack(tree, tensors, ""))
    write_atomically(path, save(tensors, metadata={SKELETON: skeleton}))


def read_checkpoint(path: Path, *, device: torch.device | str = "cpu") -> dict[str, Any]:
    """The tree that `write_checkpoint` wrote.

    Raises
    ------
    DataError
        The file is missing, damaged, or not a checkpoint.
    """
    tensors, metadata = read_tensors(path, device=device)
    try:
        tree = _unpack(json.loads(metadata[SKELETON]), tensors)
    except (KeyError, ValueError, TypeError):
        raise DataError("is not a checkpoint of a fit", file=str(path)) from None
    if not isinstance(tree, dict):
        raise DataError("is not a checkpoint of a fit", file=str(path))
    return tree


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors by name, atomically."""
    write_atomically(path, save({name: _own(tensor) for name, tensor in tensors.items()}))


def read_tensors(path: Path, *, device: torch.device | str = "cpu") -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors by name, and the metadata of the file.

    Raises
    ------
    DataError
        The file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except FileNotFoundError:
        raise DataError("is missing", file=str(path), help="the run folder is not complete; fit again") from None
    except (SafetensorError, OSError) as error:
        raise DataError(f"is damaged: {error}", file=str(path), help="fit again, or copy the run folder anew") from None


def write_atomically(path: Path, content: bytes | str) -> None:
    """Replace a file in one step: a reader, also one after a power failure, sees the old content or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own(tensor: Tensor) -> Tensor:
    # safetensors refuses tensors that share memory.
    return tensor.detach().cpu().contiguous().clone()


def _pack(value: Any, tensors: dict[str, Tensor], name: str) -> Any:
    if isinstance(value, Tensor):
        tensors[name] = _own(value)
        return {"tensor": name}
    if isinstance(value, Mapping):
        # Keys may be integers (an optimiser numbers its parameters), which JSON objects cannot hold.
        return {"dict": [[key, _pack(item, tensors, f"{name}/{key}")] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_pack(item, tensors, f"{name}/{i}") for i, item in enumerate(value)]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a checkpoint cannot hold a {type(value).__name__} ({name})")


def _unpack(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _unpack(item, tensors) for key, item in content}
    items = [_unpack(item, tensors) for item in content]
    return tuple(items) if kind == "tuple" else items
