"""The fixed surroundings of a network under edit: table, rows, scaling, primitives, and the run that it came from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kansym.clock import DEFAULT_SECONDS
from kansym.data.dataset import Dataset
from kansym.data.noise import noise_floor
from kansym.data.preparation import Prepared, canonical_table, prepare, thinned
from kansym.data.scaling import Scaling, without_shifts
from kansym.data.weights import mean_square
from kansym.deferred import torch
from kansym.device import choose_device
from kansym.errors import ArgumentError
from kansym.extraction.composition import AffineMap
from kansym.extraction.edges import EdgeRef
from kansym.extraction.selection import Rows
from kansym.kan.jacobian import held_out_parts
from kansym.kan.network import Network
from kansym.kan.residuals import Errors as Errors
from kansym.kan.training import TrainingOptions, TrainingResult, train
from kansym.primitives.library import PrimitiveLibrary, default_library
from kansym.primitives.primitive import Primitive
from kansym.run.finished import FinishedRun
from kansym.search.discovery import MOST_ROWS
from kansym.search.effective_errors import with_effective_errors
from kansym.search.final_fit import far_rows
from kansym.search.networks import training_work
from kansym.search.options import DiscoveryOptions
from kansym.search.rows import FitRows, fitted_scaling, scaled_rows


@dataclass(frozen=True, eq=False)
class EditContext:
    """The surroundings of a network under edit; nothing here changes.

    Attributes
    ----------
    table : Dataset
        In canonical order.
    fit_rows : FitRows
        The rows that formulas are fitted to and judged on, in the user's units.
    scaling : Scaling
        Of the networks. Inputs are divided by their half-width and not shifted where their zero is near, so that a
        constant that is held in the user's units is one that the network holds.
    centred_scaling : Scaling
        The same with all inputs shifted to [-1, 1].
    rows : Rows
        Scaled rows that networks are trained on.
    library : PrimitiveLibrary
        What edges may be fixed to by name.
    candidates : tuple of Primitive
        What edges are matched against when nothing is named.
    options : DiscoveryOptions
        Seed, split and loss of the run.
    device : torch.device
        Where networks are trained. Everything else stays on the CPU: an edit looks at one edge at a time.
    run : FinishedRun or None
        Where the network came from.
    each : tuple of EditContext
        Those of the outputs one by one, where there are several; `table`, `fit_rows` and `scaling` are then the first
        one's, and `rows` have the targets of all.
    """

    table: Dataset
    fit_rows: FitRows
    scaling: Scaling
    centred_scaling: Scaling
    rows: Rows
    library: PrimitiveLibrary
    candidates: tuple[Primitive, ...]
    options: DiscoveryOptions
    device: torch.device
    run: FinishedRun | None = None
    each: tuple[EditContext, ...] = ()

    @classmethod
    def of_outputs(cls, contexts: Sequence[EditContext]) -> EditContext:
        """Of a network of several outputs, from the contexts of each, which have the same rows in the same order."""
        first, *others = contexts
        if not others:
            return first
        held_out, _, relative = held_out_parts(first.rows.validation)
        y = torch.stack([one.rows.y for one in contexts], 1)
        targets = torch.cat([held_out_parts(one.rows.validation)[1] for one in contexts], 1)
        rows = replace(first.rows, y=y, validation=(held_out, targets, relative))
        return replace(first, rows=rows, each=tuple(contexts))

    @property
    def outputs(self) -> tuple[EditContext, ...]:
        """The contexts of single outputs, in their order."""
        return self.each or (self,)

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(one.table.target for one in self.outputs)

    @property
    def unit(self) -> float:
        """What the root of a loss on scaled rows is multiplied by to be an error.

        That of y; of several outputs errors are in parts of their spreads, the root mean square over outputs.
        """
        return self.scaling.y_scale if not self.each else len(self.each) ** -0.5

    def scaling_at(self, network: Network, ref: EdgeRef) -> Scaling:
        """The scaling of the inputs and of the output that an edge ends in, if it does end in one."""
        return self.outputs[ref.target].scaling if ref.layer == len(network.layers) - 1 else self.scaling

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        options: DiscoveryOptions,
        *,
        scaling: Scaling | None = None,
        run: FinishedRun | None = None,
        library: Mapping[str, Primitive] | None = None,
        parts: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> EditContext:
        """Of a table, split and scaled as a discovery does; names are looked up in `library` as well.

        `parts` are the rows to train on and those to judge by, where a table has been put in order and split already.
        """
        table = canonical_table(dataset) if parts is None else dataset
        kept = np.arange(table.n_rows)
        if options.loss != "linear" and run is not None:
            # What the search left out would decide a least-squares refit; the last fit of a formula sees all rows.
            kept = np.setdiff1d(kept, [outlier.row for outlier in far_rows(run.formula, table)])
        kept = thinned(kept, MOST_ROWS)
        searched = with_effective_errors(table.take(kept), seed=options.seed)
        if parts is None:
            prepared = prepare(searched, validation_fraction=options.validation_fraction, seed=options.seed)
        else:
            train, held_out = (np.flatnonzero(np.isin(kept, part)) for part in parts)
            prepared = Prepared(searched, train, held_out, noise_floor(searched))
        fit_rows = FitRows.of(prepared.table, prepared.train, prepared.validation, prepared.noise_floor)
        if scaling is None:
            scaling = fitted_scaling(fit_rows, options.network_rows)
        centred, scaling = scaling, without_shifts(scaling)
        rows = scaled_rows(fit_rows, scaling, options.network_rows)
        own = options.primitives
        candidates = tuple(own.distinct())
        named = PrimitiveLibrary({**default_library(), **own, **(library or {})}.values())
        device = choose_device(options.device, training_work(options, *table.X.shape))
        return cls(table, fit_rows, scaling, centred, rows, named, candidates, options, torch.device(device), run)

    @classmethod
    def of_run(
        cls, run: FinishedRun, *, library: Mapping[str, Primitive] | None = None, device: str = "auto"
    ) -> EditContext:
        """Of a finished run, with its seed, its split and its primitives; the device may be another.

        Raises
        ------
        ArgumentError
            If the run did not keep its table, or its network is for the rest of a part that was given.
        """
        if run.dataset is None:
            raise ArgumentError("the run did not keep its table, so its edges cannot be refitted; run it again")
        record = run.summary.options
        if record.get("given"):
            raise ArgumentError(
                f"the run's network is for what {record['given']!r} leaves; edges of such runs cannot be edited"
            )
        known = library if isinstance(library, PrimitiveLibrary) else None
        if known is None:
            known = default_library() if library is None else PrimitiveLibrary(library.values())
        named = record.get("primitives", "all")
        if isinstance(named, list):
            present = [name for name in named if name in known]
            known = known.only(*present) if present else known
        options = DiscoveryOptions(
            max_seconds=float(record.get("max_seconds", DEFAULT_SECONDS)),
            seed=run.summary.seed or 0,
            validation_fraction=float(record.get("validation_fraction", 0.2)),
            primitives=known,
            loss=str(record.get("loss", "linear")),
            device=device,
        )
        scaling = None if run.network is None else run.network.scaling
        return cls.of(run.dataset, options, scaling=scaling, run=run, library=library)

    @cached_property
    def training_rows(self) -> Rows:
        """`rows` on the device."""
        return self.rows.to(self.device)

    def trained(self, network: Network, options: TrainingOptions, *, deadline: float | None = None) -> TrainingResult:
        """Networks trained on the device; what comes back is on the CPU. See `kansym.kan.training.train`."""
        rows, start = self.training_rows, network.to(self.device)
        result = train(
            start, rows.x, rows.y, options, weights=rows.weights, validation=rows.validation, deadline=deadline
        )
        return result.to("cpu")

    @property
    def affine_map(self) -> AffineMap:
        """From the network's units to the user's, for composing formulas."""
        scaling = self.scaling
        return AffineMap(scaling.center.tolist(), scaling.half_width.tolist(), scaling.y_center, scaling.y_scale)

    def fresh_fit_rows(self) -> FitRows:
        """`fit_rows` without a memory of the formulas that were finished on them."""
        return replace(self.fit_rows, finished={}, eliminated={})

    def predict(self, network: Network, X: np.ndarray) -> np.ndarray:
        """Values (n,), or (n, n_outputs) of several outputs, of a network for rows (n, d) in the user's units."""
        x = torch.from_numpy(np.ascontiguousarray(self.scaling.scale_inputs(X)))
        with torch.no_grad():
            scaled = network(x)[0].numpy()
        columns = [one.scaling.unscale_target(scaled[:, k]) for k, one in enumerate(self.outputs)]
        return np.column_stack(columns) if self.each else columns[0]

    def undefined_rows(self, network: Network) -> int:
        """Number of rows, of those that networks are trained and judged on, where a network has no finite value."""
        with torch.no_grad():
            return sum(
                int((~torch.isfinite(network(x)[0]).all(1)).sum()) for x in (self.rows.x, self.rows.validation[0])
            )

    def errors(self, network: Network) -> Errors:
        """How well a network describes the table, or the tables of all outputs, each in parts of its spread."""

        def error(index: np.ndarray) -> float:
            squares = []
            for k, one in enumerate(self.outputs):
                X, y, weights = one.fit_rows.rows(index)
                with np.errstate(all="ignore"):
                    predicted = self.predict(network, X)
                    residual = (predicted[:, k] - y) / one.scaling.y_scale if self.each else predicted - y
                    squares.append(mean_square(residual, weights))
            square = sum(squares) / len(squares)
            return math.sqrt(square) if math.isfinite(square) else math.inf

        train = error(self.fit_rows.train)
        return Errors(train, error(self.fit_rows.validation) if len(self.fit_rows.validation) else train)
