"""The fixed surroundings of a network under edit: table, rows, scaling, primitives, and the run that it came from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from kansym.clock import DEFAULT_SECONDS
from kansym.data.dataset import Dataset
from kansym.data.preparation import canonical_table, prepare, thinned
from kansym.data.scaling import Scaling, without_shifts
from kansym.data.weights import mean_square
from kansym.device import choose_device
from kansym.errors import ArgumentError
from kansym.extraction.composition import AffineMap
from kansym.extraction.selection import Rows
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
    ) -> "EditContext":
        """Of a table, split and scaled as a discovery does; names are looked up in `library` as well.

        `parts` are the rows to train on and those to judge by, where a table in canonical order has been split already.
        """
        table = canonical_table(dataset)
        kept = np.arange(table.n_rows)
        if options.loss != "linear" and run is not None:
            # What the search left out would decide a least-squares refit; the last fit of a formula sees all rows.
            kept = np.setdiff1d(kept, [outlier.row for outlier in far_rows(run.formula, table)])
        searched = with_effective_errors(table.take(thinned(kept, MOST_ROWS)), seed=options.seed)
        prepared = prepare(searched, validation_fraction=options.validation_fraction, seed=options.seed)
        train, held_out = prepared.train, prepared.validation
        if parts is not None and prepared.table.n_rows == dataset.n_rows:
            train, held_out = parts
        fit_rows = FitRows.of(prepared.table, train, held_out, prepared.noise_floor)
        if scaling is None:
            scaling = fitted_scaling(fit_rows, options.network_rows)
        centred, scaling = scaling, without_shifts(scaling)
        rows = scaled_rows(fit_rows, scaling, options.network_rows)
        own = options.primitives
        candidates = tuple(own.distinct())
        named = PrimitiveLibrary({**default_library(), **own, **(library or {})}.values())
        device = choose_device(options.device, training_work(options, *table.X.shape))
        return cls(table, fit_rows, scaling, centred, rows, named, candidates, options, device, run)

    @classmethod
    def of_run(
        cls, run: FinishedRun, *, library: Mapping[str, Primitive] | None = None, device: str = "auto"
    ) -> "EditContext":
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
        """Values (n,) of a network for rows (n, d) in the user's units."""
        x = torch.from_numpy(np.ascontiguousarray(self.scaling.scale_inputs(X)))
        with torch.no_grad():
            return self.scaling.unscale_target(network(x)[0, :, 0].numpy())

    def undefined_rows(self, network: Network) -> int:
        """Number of rows, of those that networks are trained and judged on, where a network has no finite value."""
        with torch.no_grad():
            return sum(
                int((~torch.isfinite(network(x)[0, :, 0])).sum()) for x in (self.rows.x, self.rows.validation[0])
            )

    def errors(self, network: Network) -> Errors:
        """How well a network describes the table."""

        def error(index: np.ndarray) -> float:
            X, y, weights = self.fit_rows.rows(index)
            with np.errstate(all="ignore"):
                square = mean_square(self.predict(network, X) - y, weights)
            return math.sqrt(square) if math.isfinite(square) else math.inf

        train = error(self.fit_rows.train)
        return Errors(train, error(self.fit_rows.validation) if len(self.fit_rows.validation) else train)
