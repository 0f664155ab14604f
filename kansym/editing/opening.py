"""`edit`: from a run, a discovery, an estimator or a table to an `EditableNetwork`."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kansym import clock
from kansym.data.dataset import Dataset
from kansym.deferred import torch
from kansym.editing.constants import with_conventional_constants, with_scaling
from kansym.editing.context import EditContext
from kansym.editing.network import EditableNetwork
from kansym.editing.trained import editable
from kansym.errors import ArgumentError
from kansym.kan.growth import Grower
from kansym.kan.jacobian import held_out_parts
from kansym.kan.model import KAN
from kansym.kan.network import Network, Width, format_shape
from kansym.primitives.library import PrimitiveLibrary
from kansym.primitives.primitive import Primitive
from kansym.run.finished import FinishedRun
from kansym.run.storage import load_run
from kansym.search.networks import PROMISING
from kansym.search.options import DiscoveryOptions
from kansym.search.results import Discovery
from kansym.threads import threads_for

STARTS = ("reading", "splines", "network")
"""What a run's edges may be edited from."""


def edit(
    source: Any,
    *,
    start: str | Sequence[Width] | None = None,
    library: Mapping[str, Primitive] | None = None,
    options: DiscoveryOptions | None = None,
    max_seconds: float = 5.0,
    device: str | None = None,
) -> EditableNetwork:
    """Open a network, to edit its edges by hand.

    Parameters
    ----------
    source : path-like, FinishedRun, Discovery, SymbolicRegressor, Dataset or KAN
        A folder that a run was saved to, a run, a discovery, a fitted estimator, a table (with a shape as `start`), or
        a network that was fitted by hand, of which a copy is edited.
    start : str or shape, optional
        "reading": the network that the pick was read from, edges as primitives. "splines": the same network before it
        was read. "network": the best network of the run, all splines; one is trained now where the run has none,
        as beside an exact law. A shape such as ``(2, 1, 1)`` trains a new network; ``(2, (0, 1), 1)`` has a node that
        multiplies. Default: the first of the three that the run has.
    library : mapping of str to Primitive, optional
        Where names of primitives are looked up, beside those that come with kansym; needed for runs with primitives of
        your own. For a table without `options`, suggestions are chosen from it too.
    options : DiscoveryOptions, optional
        Of a discovery or for a table: seed, split, primitives and loss. A folder has its own.
    max_seconds : float, default 5
        Most time for training, where a network is trained.
    device : str, optional
        Where networks are trained, now and by later edits: "cpu", "cuda" or "auto". Default: that of `options`, else
        "auto". Edges are looked at on the CPU, so what comes of an edit is there too.

    Raises
    ------
    ArgumentError
        If `source` or `start` cannot be used, or the run has no such network.
    StorageError
        If the folder holds no run.
    """
    if isinstance(source, KAN):
        if start is not None:
            raise ArgumentError(f"start is for runs and tables; a KAN is opened as it is, got {start!r}")
        return editable(source, options=options, library=library, device=device)
    context, run = _context(source, library, options, device)
    if start is not None and not isinstance(start, str):
        network = _trained(context, start, max_seconds)
        return EditableNetwork(network, context, label=f"trained {format_shape(network.shape)}", apart=run is not None)
    if start is not None and start not in STARTS:
        raise ArgumentError(f"start must be one of {', '.join(STARTS)} or a shape such as (2, 1, 1), got {start!r}")
    if run is None:
        raise ArgumentError("a table alone has no network; give a shape to train one, such as start=(2, 1, 1)")
    if run.network is None:
        if start not in (None, "network"):
            raise ArgumentError(f"the run has no {start}: it ended without a network (start='network' trains one)")
        network = _trained(context, None, max_seconds)
        return EditableNetwork(network, context, label=f"trained {format_shape(network.shape)}", apart=True)
    scaling, reading = run.network.scaling, run.reading
    networks: dict[str, Network | None] = {
        "reading": None if reading is None else reading.symbolic,
        "splines": None if reading is None else reading.trained,
        "network": run.network.network,
    }
    chosen = start or next(name for name in STARTS if networks[name] is not None)
    network = networks[chosen]
    if network is None:
        raise ArgumentError(
            f"the run has no {chosen}: its pick was not read from a network (start='network' has all edges as splines)"
        )
    splines = networks["splines"] if chosen == "reading" else None
    return EditableNetwork(
        with_conventional_constants(with_scaling(network, scaling, context.scaling), context),
        context,
        splines=None if splines is None else with_scaling(splines, scaling, context.scaling),
        label=f"{chosen} {format_shape(network.shape)}",
        apart=chosen == "network",
    )


def _context(
    source: Any, library: Mapping[str, Primitive] | None, options: DiscoveryOptions | None, device: str | None
) -> tuple[EditContext, FinishedRun | None]:
    if isinstance(source, str | os.PathLike):
        source = load_run(source, library=library)
    elif hasattr(source, "discovery_"):
        options = options or source._options()
        source = source.discovery_
    if device is None:
        device = "auto" if options is None else options.device
    if isinstance(source, Dataset):
        if options is None:
            options = DiscoveryOptions()
            if library is not None:
                options = replace(options, primitives=PrimitiveLibrary(library.values()))
        return EditContext.of(source, replace(options, device=device), library=library), None
    if isinstance(source, Discovery):
        source = FinishedRun.of(source, options=options)
        if library is None and options is not None:
            library = options.primitives
    if not isinstance(source, FinishedRun):
        raise ArgumentError(
            "source must be a folder, a FinishedRun, a Discovery, a fitted SymbolicRegressor, a Dataset or a KAN, got "
            f"{type(source).__name__}"
        )
    return EditContext.of_run(source, library=library, device=device), source


def _trained(context: EditContext, shape: Sequence[Width] | None, max_seconds: float) -> Network:
    """The best of a few starts of one shape, or of the shapes of a discovery, with its grid grown as there."""
    inputs, growth = context.table.n_columns, context.options.growth
    if shape is not None and (len(shape) < 2 or shape[0] != inputs or shape[-1] != 1):
        raise ArgumentError(f"start must be a shape from {inputs} inputs to 1 output, got {tuple(shape)!r}")
    if isinstance(max_seconds, bool) or not 0 < max_seconds < math.inf:
        raise ArgumentError(f"max_seconds must be a positive number of seconds, got {max_seconds!r}")
    # Splines start on the grid -1 to 1, which is where the shifted scaling puts the data.
    shift = torch.from_numpy((context.scaling.center - context.centred_scaling.center) / context.scaling.half_width)
    shift, rows = shift.to(context.device), context.training_rows
    held_out, target, relative = held_out_parts(rows.validation)
    deadline = clock.now() + max_seconds
    with threads_for(context.table.n_rows):
        grower = Grower(
            rows.x + shift,
            rows.y,
            validation=(held_out + shift, target, relative),
            options=growth if shape is None else replace(growth, shapes=(tuple(shape),)),
            generator=torch.Generator().manual_seed(context.options.seed),
            weights=rows.weights,
            deadline=deadline,
        )
        best = None
        for candidate in grower:
            if best is None or candidate.validation_loss < best.validation_loss:
                best = candidate
            if shape is not None or math.sqrt(best.validation_loss) < PROMISING or clock.late(deadline):
                break
    if best is None:
        reason = grower.decisions[-1].reason if grower.decisions else "it was refused"
        named = "network" if shape is None else f"network of shape {format_shape(tuple(shape))}"
        raise ArgumentError(f"no {named} could be trained: {reason}")
    return with_scaling(best.network.to("cpu"), context.centred_scaling, context.scaling)
