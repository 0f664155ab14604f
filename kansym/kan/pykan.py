"""Networks of pykan, trained there, as networks of this package with the same outputs.

An edge of pykan is ``mask * (scale_base b(x) + scale_sp spline(x)) + mask_s * (c f(a x + b) + d)`` over the raw node
value, its spline on knots that follow the samples and are extended by k steps at either end, beyond which it is zero.
That is exactly a curve on uneven knots (`kansym.kan.curves`) over the whole extended grid, whose bases at the ends have
no weight, beside a primitive. A product node of pykan multiplies sub-nodes, each the sum of all its edges: two layers
here, sums and then products of them.

References
----------
Z. Liu et al., "KAN 2.0", arXiv:2408.10205; pykan 0.2.8, https://github.com/KindXiaoming/pykan.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError, StorageError
from kansym.kan.consistency import inconsistency
from kansym.kan.layer import EdgeMode, Layer
from kansym.kan.network import Network, Width
from kansym.kan.spline import HIGHEST_DEGREE
from kansym.kan.stored_primitives import short
from kansym.optional import optional_module
from kansym.primitives.library import default_library
from kansym.primitives.primitive import Primitive

FUNCTIONS = {
    "1/x": "x^-1", "1/x^2": "x^-2", "1/x^3": "x^-3", "1/x^4": "x^-4", "1/x^5": "x^-5", "x^0.5": "sqrt",
    "1/sqrt(x)": "1/sqrt", "1/x^0.5": "1/sqrt", "sgn": "sign", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "arctanh": "atanh",
}  # fmt: skip
"""Names of pykan's functions that are called otherwise here."""

_BASES = {"silu": "silu", "identity": "identity", "zero": "none"}
_MOST_CONFIG_BYTES = 2**22


@dataclass(frozen=True)
class _Source:
    """What is read of a model: its tensors by name, and its settings."""

    state: Mapping[str, Tensor]
    width: list[tuple[int, int]]
    arity: int | list[list[int]]
    base: str
    symbolic: bool
    functions: list[list[list[str]]]

    def tensor(self, name: str, *shape: int) -> Tensor:
        """A tensor in double precision, known to be finite and of a shape where one is given."""
        tensor = self.state.get(name)
        if not isinstance(tensor, torch.Tensor):
            raise ArgumentError(f"model: {name} must be a tensor, it is {short(type(tensor))}")
        if shape and tuple(tensor.shape) != shape:
            raise ArgumentError(f"model: {name} must be a tensor of shape {shape}, it is {tuple(tensor.shape)}")
        if not bool(torch.isfinite(tensor).all()):
            raise ArgumentError(f"model: {name} is not finite; train the model again, its outputs are nan")
        return tensor.detach().to("cpu", torch.float64)

    def arities(self, level: int) -> list[int]:
        """Factors of each product node of a level of nodes."""
        return [self.arity] * self.width[level][1] if isinstance(self.arity, int) else list(self.arity[level])


def import_pykan(model: Any, *, library: Mapping[str, Primitive] | None = None) -> Network:
    """A network with the outputs of a pykan model, of a checkpoint or in memory.

    Depth, masks, orders, grids as they were adapted to samples, base functions, functions fixed on edges (also beside a
    spline), product nodes of any arity, and scales and biases of nodes and sub-nodes all come along; outputs agree to
    rounding, on the grid and off it. pykan need not be installed, and no code of a file is run.

    Parameters
    ----------
    model : pykan model or path-like
        A `kan.KAN` (`MultKAN`), or the path given to its `saveckpt`, such as ``"model/0.3"``, which stands for the
        files ``model/0.3_config.yml`` and ``model/0.3_state``.
    library : mapping of str to Primitive, optional
        Where functions that were added by pykan's `add_symbolic` are looked up by their names there. Default: the
        built-in primitives.

    Returns
    -------
    Network
        Population 1, double precision, over the inputs that the model was trained on: pykan does not scale them. A
        model whose inputs were pruned reads the columns ``model.input_id``, and so does the network. A layer with
        product nodes becomes two, or three where those nodes have a bias.

    Raises
    ------
    StorageError
        If a file is missing or cannot be read.
    ArgumentError
        If it is not a model of pykan 0.2, its splines are of a degree above 5, or it has a function that is not known.
    MissingDependencyError
        If it is a checkpoint and PyYAML is not installed.

    Examples
    --------
    >>> network = kansym.import_pykan("model/0.3")  # doctest: +SKIP
    """
    source = _from_files(Path(model)) if isinstance(model, str | os.PathLike) else _from_model(model)
    known = {**default_library(), **(library or {})}
    shape: list[Width] = [sum(source.width[0])]
    network = Network((), [])
    for number in range(len(source.width) - 1):
        sums = _sum_layer(source, number)
        network = replace(network, layers=[*network.layers, sums])
        _fix_functions(network, source, number, known)
        shape.append(sums.n_out)
        for extra, width in _product_layers(source, number):
            network = replace(network, layers=[*network.layers, extra])
            _join(network)
            shape.append(width)
    network = replace(network, shape=tuple(shape))
    problem = inconsistency(network)
    if problem:
        raise ArgumentError(f"model cannot be imported: {problem}")
    return network


# -- reading -----------------------------------------------------------------------------------------------------------


def _from_files(path: Path) -> _Source:
    prefix = str(path)
    for ending in ("_config.yml", "_state", "_cache_data"):
        prefix = prefix.removesuffix(ending)
    config, state = Path(prefix + "_config.yml"), Path(prefix + "_state")
    for file in (config, state):
        if not file.is_file():
            raise StorageError(f"there is no file {file}; give the path that was given to saveckpt of pykan")
    yaml = optional_module("yaml", feature="Reading a checkpoint of pykan", extra="yaml")
    if config.stat().st_size > _MOST_CONFIG_BYTES:
        raise StorageError(f"{config} is not a configuration of pykan: its size is {config.stat().st_size} bytes")
    try:
        record = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise StorageError(f"{config} cannot be read as plain YAML: {short(error)}") from error
    try:
        tensors = torch.load(state, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises whatever a damaged file leads it to
        raise StorageError(f"{state} cannot be read as tensors alone: {short(error)}") from error
    if not isinstance(record, dict) or not isinstance(tensors, Mapping):
        raise StorageError(f"{config} and {state} are not a checkpoint of pykan")
    functions = [record.get(f"symbolic.funs_name.{number}") for number in range(len(record.get("width") or []) - 1)]
    return _checked(tensors, record, functions)


def _from_model(model: Any) -> _Source:
    names = ("width", "mult_arity", "base_fun_name", "symbolic_enabled")
    if not callable(getattr(model, "state_dict", None)) or any(not hasattr(model, name) for name in names):
        raise ArgumentError(f"model must be a model of pykan 0.2 or the path of a checkpoint, got {short(type(model))}")
    functions = [getattr(layer, "funs_name", None) for layer in getattr(model, "symbolic_fun", ())]
    return _checked(model.state_dict(), {name: getattr(model, name) for name in names}, functions)


def _checked(state: Mapping[str, Tensor], record: Mapping[str, Any], functions: Sequence[Any]) -> _Source:
    """The settings, known to be of the right kind."""
    width = [[entry, 0] if _is_count(entry) else entry for entry in _list(record.get("width"))]
    if len(width) < 2 or not all(len(_list(pair)) == 2 and all(map(_is_count, pair)) and sum(pair) for pair in width):
        raise ArgumentError(f"model: width must list nodes of each level, it is {short(record.get('width'))}")
    arity: Any = record.get("mult_arity")
    if not _is_count(arity):
        arity = [[int(one) for one in _list(level) if _is_count(one)] for level in _list(arity)]
        if len(arity) != len(width) or any(len(own) != pair[1] for own, pair in zip(arity, width, strict=True)):
            raise ArgumentError(f"model: mult_arity must list factors, it is {short(record.get('mult_arity'))}")
    base = record.get("base_fun_name")
    if not isinstance(base, str) or base not in _BASES:
        raise ArgumentError(f"model: base_fun must be one of {', '.join(_BASES)}, it is {short(base)}")
    pairs = [(int(pair[0]), int(pair[1])) for pair in width]
    return _Source(state, pairs, arity, _BASES[base], bool(record.get("symbolic_enabled")), list(functions))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _is_count(value: Any) -> bool:
    """Whether a value is a whole number, of Python or numpy, that is not negative."""
    return hasattr(value, "__index__") and not isinstance(value, bool | torch.Tensor) and int(value) >= 0


# -- layers ------------------------------------------------------------------------------------------------------------


def _sum_layer(source: _Source, number: int) -> Layer:
    """Splines and base functions of one layer of pykan, into its sub-nodes; sums take the scale of their node."""
    name = f"act_fun.{number}"
    n_in = sum(source.width[number])
    sums, products = source.width[number + 1][0], source.arities(number + 1)
    n_out = sums + sum(products)
    coefficients, grid = source.tensor(f"{name}.coef"), source.tensor(f"{name}.grid")
    if coefficients.ndim != 3 or grid.ndim != 2 or coefficients.shape[:2] != (n_in, n_out) or len(grid) != n_in:
        raise ArgumentError(
            f"model: {name} has coefficients {tuple(coefficients.shape)} and grid {tuple(grid.shape)}, which do not go "
            f"with {n_in} nodes and {n_out} sub-nodes"
        )
    order = grid.shape[1] - coefficients.shape[2] - 1
    if not 1 <= order <= HIGHEST_DEGREE or grid.shape[1] < 2 * order + 2:
        raise ArgumentError(f"model: splines of {name} must be of degree 1 to {HIGHEST_DEGREE}, they are of {order}")
    scale, offset = _sub_nodes(source, number)
    mask = source.tensor(f"{name}.mask", n_in, n_out)
    splines = coefficients * (mask * source.tensor(f"{name}.scale_sp", n_in, n_out) * scale).unsqueeze(-1)
    splines, knots = _on_extended_grid(splines, grid, order)
    if source.base != "none":
        weight = mask * source.tensor(f"{name}.scale_base", n_in, n_out) * scale
        splines = torch.cat([splines, weight.unsqueeze(-1)], -1)
    return Layer(
        coefficients=splines[None],
        mode=torch.where(mask != 0, EdgeMode.SPLINE, EdgeMode.OFF).to(torch.int8)[None],
        product=torch.zeros(n_out, dtype=torch.bool),
        offset=offset[None],
        order=order,
        base=source.base,
        knots=knots[None],
        **_unset(n_in, n_out),
    )


def _sub_nodes(source: _Source, number: int) -> tuple[Tensor, Tensor]:
    """Scale of the edges into each sub-node and what is added to it, (n_out,); a sum is its node as well."""
    sums, width = source.width[number + 1][0], sum(source.width[number + 1])
    n_out = sums + sum(source.arities(number + 1))
    scale = source.tensor(f"subnode_scale_{number}", n_out).clone()
    offset = source.tensor(f"subnode_bias_{number}", n_out).clone()
    outer = source.tensor(f"node_scale_{number}", width)[:sums]
    scale[:sums] *= outer
    offset[:sums] = offset[:sums] * outer + source.tensor(f"node_bias_{number}", width)[:sums]
    return scale, offset


def _on_extended_grid(splines: Tensor, grid: Tensor, order: int) -> tuple[Tensor, Tensor]:
    """Coefficients and knots on all of pykan's grid, where the bases that reach beyond it have no weight.

    A spline of degree 1 ends in a corner, along whose tangent it would go on: one more interval makes it zero first.
    """
    if bool((grid.diff(dim=1) < 0).any()):
        raise ArgumentError("model: a grid does not ascend")
    more = 1 if order == 1 else 0
    # All samples of a node were alike: no interval holds anything, and the spline is zero everywhere.
    empty = grid[:, -1] <= grid[:, 0]
    grid = torch.where(empty[:, None], torch.arange(grid.shape[1], dtype=grid.dtype), grid)
    splines = torch.where(empty[:, None, None], torch.zeros_like(splines), splines)
    first, last = grid[:, :1] - grid[:, 1:2], grid[:, -1:] - grid[:, -2:-1]
    if more:
        grid = torch.cat([grid[:, :1] + first, grid, grid[:, -1:] + last], 1)
    return torch.nn.functional.pad(splines, (order + more, order + more)), grid


def _unset(n_in: int, n_out: int) -> dict[str, Any]:
    """Tensors of a layer without functions, on its inputs as they are."""
    return {
        "affine": torch.zeros(1, n_in, n_out, 5, dtype=torch.float64),
        "frozen": torch.ones(1, n_in, n_out, 5, dtype=torch.bool),
        "primitive": torch.full((1, n_in, n_out), -1, dtype=torch.long),
        "center": torch.zeros(1, n_in, dtype=torch.float64),
        "half_width": torch.ones(1, n_in, dtype=torch.float64),
    }


def _fix_functions(network: Network, source: _Source, number: int, known: Mapping[str, Primitive]) -> None:
    """Put the functions of one layer of pykan on the edges of the last layer, in place."""
    if not source.symbolic:
        return
    layer, place = network.layers[-1], len(network.layers) - 1
    mask = source.tensor(f"symbolic_fun.{number}.mask", layer.n_out, layer.n_in)
    affine = source.tensor(f"symbolic_fun.{number}.affine", layer.n_out, layer.n_in, 4)
    scale, _ = _sub_nodes(source, number)
    for target, origin in torch.nonzero(mask).tolist():
        weight = float(mask[target, origin] * scale[target])
        a, b, c, d = affine[target, origin].tolist()
        name = _function(source, number, target, origin)
        if name == "0":
            layer.offset[0, target] += weight * d
            continue
        primitive = known.get(FUNCTIONS.get(name, name))
        if primitive is None:
            raise ArgumentError(
                f"model has the function {short(name)} on the edge from node {origin} to sub-node {target} of layer "
                f"{number}; pass library= with a primitive of that name"
            )
        keep = bool(layer.mode[0, origin, target] == EdgeMode.SPLINE)
        constants = {"a": a, "b": b, "c": c * weight, "d": d * weight}
        network.set_symbolic(place, origin, target, primitive, **constants, keep_spline=keep)


def _function(source: _Source, number: int, target: int, origin: int) -> str:
    try:
        return str(source.functions[number][target][origin])
    except (IndexError, TypeError):
        raise ArgumentError(f"model: symbolic.funs_name.{number} does not name a function for every edge") from None


def _product_layers(source: _Source, number: int) -> list[tuple[Layer, Width]]:
    """The layers that make products of sub-nodes, and their widths; none where there are only sums."""
    sums, products = source.width[number + 1]
    if not products:
        return []
    arities = source.arities(number + 1)
    edges = torch.zeros(sums + sum(arities), sums + products, dtype=torch.bool)
    targets = [*range(sums), *(sums + node for node, arity in enumerate(arities) for _ in range(arity))]
    edges[torch.arange(len(targets)), targets] = True
    outer = source.tensor(f"node_scale_{number}", sums + products)
    added = source.tensor(f"node_bias_{number}", sums + products).clone()
    offset, added[:sums] = torch.where(torch.arange(sums + products) < sums, 0.0, outer), 0.0
    layers: list[tuple[Layer, Width]] = [(_plain_layer(edges, offset, sums), (sums, products))]
    if bool(added.any()):
        layers.append(
            (_plain_layer(torch.eye(sums + products, dtype=torch.bool), added, sums + products), sums + products)
        )
    return layers


def _plain_layer(edges: Tensor, offset: Tensor, sums: int) -> Layer:
    """A layer whose edges, to be made the identity by `_join`, are marked as functions."""
    n_in, n_out = edges.shape
    return Layer(
        coefficients=torch.zeros(1, n_in, n_out, 4, dtype=torch.float64),
        mode=torch.where(edges, EdgeMode.SYMBOLIC, EdgeMode.OFF).to(torch.int8)[None],
        product=torch.arange(n_out) >= sums,
        offset=offset.to(torch.float64)[None],
        **_unset(n_in, n_out),
    )


def _join(network: Network) -> None:
    """Make the edges of the last layer the identity, in place."""
    number, identity = len(network.layers) - 1, default_library()["x"]
    for source, target in torch.nonzero(network.layers[-1].mode[0]).tolist():
        network.set_symbolic(number, source, target, identity, frozen="abcdp")
