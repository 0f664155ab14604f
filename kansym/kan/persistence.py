"""Networks on disk: one safetensors file that holds numbers and text and cannot run code.

The tensors of layer l are stored under ``"l.name"`` with the names of `Layer`'s attributes. The header's metadata has
one key, ``"kansym"``: a JSON record of the schema version, the shape, the settings of each layer, the primitives,
versions, and what the caller adds (primitives: see `kansym.kan.stored_primitives`).

Reference for the format: https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import importlib.metadata
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors

from kansym.deferred import deferred_module, torch
from kansym.errors import ArgumentError, StorageError
from kansym.kan.consistency import FLAGS, FLOATS, INTEGERS, inconsistency
from kansym.kan.layer import Layer
from kansym.kan.network import Network, Width
from kansym.kan.stored_primitives import describe, find_all, short
from kansym.primitives.library import default_library
from kansym.primitives.primitive import Primitive

if TYPE_CHECKING:
    import safetensors.torch as safetensors_torch
else:
    safetensors_torch = deferred_module("safetensors.torch", globals(), "safetensors_torch")

SCHEMA = 2
"""Version of the record and of the tensors' layout that is written."""

READ = (1, 2)
"""Versions that are read. Files of version 1 say nothing of their layers: the settings are the defaults of `Layer`."""

FILE_NAME = "model.safetensors"
"""Name of the file where a directory is given."""

MAX_HEADER_BYTES = 2**20
"""Longest header written or read: a hostile header costs time before anything in it can be checked."""

MAX_FILE_BYTES = 256 * 2**20
"""Largest file written or read; networks of this package take kilobytes."""

_KEY = "kansym"
_NAMES = (*FLOATS, *FLAGS, *INTEGERS)
_SETTINGS = {"order": int, "base": str, "train_offsets": bool, "uneven": bool}
_MALFORMED = (safetensors.SafetensorError, KeyError, ValueError, RuntimeError, TypeError, OverflowError)


def save_network(network: Network, path: str | os.PathLike[str], *, metadata: Mapping[str, Any] | None = None) -> Path:
    """Write a population of networks to one file, replacing an older one in a single step.

    Parameters
    ----------
    network : Network
        On any device; float32 or float64, finite.
    path : path-like
        The file, or a directory, which then gets `FILE_NAME`.
    metadata : mapping, optional
        Anything that JSON can hold, under string keys: it comes back from `load_network` (tuples as lists).

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ArgumentError
        If the network is not finite or inconsistent, or `metadata` is not JSON or too long.
    OSError
        If the file cannot be written.
    """
    problem = inconsistency(network)
    if problem:
        raise ArgumentError(f"network cannot be saved: {problem}")
    record = {
        "schema": SCHEMA,
        "shape": [width if isinstance(width, int) else list(width) for width in network.shape],
        "layers": [_settings(layer) for layer in network.layers],
        "dtype": str(network.dtype).removeprefix("torch."),
        "primitives": [describe(primitive) for primitive in network.primitives],
        "versions": _versions(),
        "metadata": dict(metadata or {}),
    }
    try:
        text = json.dumps(record, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"metadata must be plain JSON without nan or infinity: {error}") from error
    tensors = {}
    for number, layer in enumerate(network.layers):
        for name in _names(layer.knots is not None):
            tensor = getattr(layer, name).detach().cpu().contiguous()
            # Flags as whole bytes: a byte other than 0 or 1 read as a boolean would be undefined behaviour.
            tensors[f"{number}.{name}"] = tensor.to(torch.uint8) if name in FLAGS else tensor
    data = safetensors_torch.save(tensors, {_KEY: text})
    if len(data) > MAX_FILE_BYTES or _header_length(data) > MAX_HEADER_BYTES:
        raise ArgumentError(
            f"metadata or network is too large to save: {len(text)} characters of record, {len(data)} bytes in all"
        )
    path = _file(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def load_network(
    path: str | os.PathLike[str], *, library: Mapping[str, Primitive] | None = None
) -> tuple[Network, dict[str, Any]]:
    """Read what `save_network` wrote, bit for bit, onto the CPU.

    Parameters
    ----------
    path : path-like
        The file, or the directory that holds `FILE_NAME`.
    library : mapping of str to Primitive, optional
        Where the primitives of symbolic edges are looked up by name. Default: the built-in primitives.

    Returns
    -------
    network : Network
    metadata : dict
        What was given to `save_network`.

    Raises
    ------
    StorageError
        If there is no such file, it is damaged, of another version or not a kansym file, or a primitive is missing.
    """
    path = _file(path)
    data = _read(path)
    record = _record(data, path)
    shape = _shape(record, path)
    settings = _layer_settings(record, len(shape) - 1, path)
    primitives = find_all(record.get("primitives"), default_library() if library is None else library, path)
    try:
        tensors = safetensors_torch.load(data)
    except _MALFORMED as error:
        raise StorageError(f"{path} is damaged: {short(error)}") from error
    held = [f"{number}.{name}" for number, own in enumerate(settings) for name in _names(own["uneven"])]
    if len(tensors) != len(held) or tensors.keys() != set(held):
        raise StorageError(f"{path} is damaged: its {len(tensors)} tensors are not those of shape {short(shape)}")
    layers = []
    for number, own in enumerate(settings):
        fields = {name: tensors[f"{number}.{name}"] for name in _names(own.pop("uneven"))}
        for name in FLAGS:
            if fields[name].dtype != torch.uint8 or bool((fields[name] > 1).any()):
                raise StorageError(f"{path} is damaged: {name} of layer {number} must be 0 or 1")
            fields[name] = fields[name].bool()
        layers.append(Layer(**fields, **own))
    network = Network(shape, layers, primitives)
    problem = inconsistency(network)
    if problem is None and str(network.dtype) != f"torch.{record.get('dtype')}":
        problem = f"it holds {network.dtype} where its record says {short(record.get('dtype'))}"
    if problem:
        raise StorageError(f"{path} is damaged: {problem}")
    return network, record["metadata"]


def _file(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    return path / FILE_NAME if path.is_dir() else path


def _header_length(data: bytes) -> int:
    return int.from_bytes(data[:8], "little")


def _read(path: Path) -> bytes:
    """The file's bytes, once its size and the length of its header are known to be sane."""
    # Read whole rather than mapped: a mapped file that is cut short later would end the process.
    try:
        if not path.is_file():
            raise StorageError(f"{path} is not a file" if path.exists() else f"there is no file {path}")
        size = path.stat().st_size
        if not 8 < size <= MAX_FILE_BYTES:
            raise StorageError(f"{path} is not a network file: its size is {size} bytes")
        with path.open("rb") as stream:
            start = stream.read(8)
            if not 0 < _header_length(start) <= min(size - 8, MAX_HEADER_BYTES):
                raise StorageError(f"{path} is not a network file, or is cut short: no header fits its first bytes")
            return start + stream.read(size - 8)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _record(data: bytes, path: Path) -> dict[str, Any]:
    """The JSON record of the header, of a version that this code reads."""
    try:
        header = json.loads(data[8 : 8 + _header_length(data)])
        text = header["__metadata__"][_KEY]
        record = json.loads(text, parse_constant=_refuse_constant)
        schema, metadata = record["schema"], record["metadata"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(f"{path} is not a kansym network file, or its header is damaged") from error
    if schema not in READ or type(schema) is not int:
        raise StorageError(f"{path} has schema {short(schema)}, this version of kansym reads {READ[0]} to {READ[-1]}")
    if not isinstance(metadata, dict):
        raise StorageError(f"{path} is damaged: its metadata are not a JSON object")
    return record


def _shape(record: dict[str, Any], path: Path) -> tuple[Width, ...]:
    def count(value: object, least: int) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= least

    shape = record.get("shape")
    if isinstance(shape, list) and len(shape) >= 2:
        pairs = [isinstance(w, list) and len(w) == 2 and all(count(n, 0) for n in w) and sum(w) > 0 for w in shape]
        if all(pair or count(width, 1) for pair, width in zip(pairs, shape, strict=True)):
            return tuple(tuple(width) if pair else width for pair, width in zip(pairs, shape, strict=True))
    raise StorageError(f"{path} is damaged: {short(shape)} is not the shape of a network")


def _settings(layer: Layer) -> dict[str, Any]:
    """What the record says of a layer; `uneven`: whether it has a tensor of knots."""
    own = {"order": layer.order, "base": layer.base, "train_offsets": layer.train_offsets}
    return {**own, "uneven": layer.knots is not None}


def _names(uneven: bool) -> tuple[str, ...]:
    """Tensors that are stored of a layer."""
    return (*_NAMES, "knots") if uneven else _NAMES


def _layer_settings(record: dict[str, Any], layers: int, path: Path) -> list[dict[str, Any]]:
    """What the record says of each layer beside its tensors; `inconsistency` judges the values."""
    if record["schema"] == 1:
        return [{"uneven": False} for _ in range(layers)]
    stored = record.get("layers")
    if not isinstance(stored, list) or len(stored) != layers:
        raise StorageError(f"{path} is damaged: its settings are not those of {layers} layers")
    for settings in stored:
        right = isinstance(settings, dict) and settings.keys() == _SETTINGS.keys()
        if not right or any(type(settings[name]) is not kind for name, kind in _SETTINGS.items()):
            raise StorageError(f"{path} is damaged: {short(settings)} are not the settings of a layer")
    return stored


def _versions() -> dict[str, str]:
    versions = {"torch": str(torch.__version__)}
    for package in ("kansym", "safetensors"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "unknown"
    return versions
