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
from kansym.data.scaling import Scaling
from kansym.data.weights import mean_square
from kansym.device import choose_device
from kansym.errors import ArgumentError
from kansym.extraction.composition import AffineMap
from kansym.extraction.selection import Rows
from kansym.kan.network import Network
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

FAR_FROM_ZERO = 1e3
"""Centre over half-width beyond which a column keeps its shift: without it, digits of its differences are lost."""


@dataclass(frozen=True)
class Errors:
    """Root-mean-square residuals of a network, in units of y; weighted where the table has errors or weights.

    Attributes
    ----------
    train : float
        Over the rows that it is fitted to; inf where it has no finite value on one of them.
    held_out : float
        Over the rows that it has not seen; the same as `train` where none are held out.
    """

    train: float
    held_out: float

    @property
    def finite(self) -> bool:
        return math.isfinite(self.train) and math.isfinite(self.held_out)

    @property
    def judged_apart(self) -> bool:
        """Whether rows are held out, so that the two numbers differ."""
        return self.held_out != self.train

    def __str__(self) -> str:
        if self.judged_apart:
            return f"RMS residual {self.train:.3g} in training, {self.held_out:.3g} held out"
        return f"RMS residual {self.train:.3g} on all rows, of which none is held out"

    def to(self, after: "Errors") -> str:
        """In words, what a step changed."""
        text = f"RMS residual {self.train:.3g} -> {after.train:.3g}"
        if self.judged_apart or after.judged_apart:
            text += f", held out {self.held_out:.3g} -> {after.held_out:.3g}"
        return text

    def to_dict(self) -> dict[str, float | None]:
        """In JSON types; None where there is no finite value."""
        return {name: value if math.isfinite(value) else None for name, value in vars(self).items()}


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
    ) -> "EditContext":
        """Of a table, split and scaled as a discovery does; names are looked up in `library` as well."""
        table = canonical_table(dataset)
        kept = np.arange(table.n_rows)
        if options.loss != "linear" and run is not None:
            # What the search left out would decide a least-squares refit; the last fit of a formula sees all rows.
            kept = np.setdiff1d(kept, [outlier.row for outlier in far_rows(run.formula, table)])
        searched = with_effective_errors(table.take(thinned(kept, MOST_ROWS)), seed=options.seed)
        prepared = prepare(searched, validation_fraction=options.validation_fraction, seed=options.seed)
        fit_rows = FitRows.of(prepared.table, prepared.train, prepared.validation, prepared.noise_floor)
        if scaling is None:
            scaling = fitted_scaling(fit_rows, options.network_rows)
        centred, scaling = scaling, _without_shifts(scaling)
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


def _without_shifts(scaling: Scaling) -> Scaling:
    """The scaling without shifts of the inputs, except for columns that lie far from zero."""
    near = np.abs(scaling.center) <= FAR_FROM_ZERO * scaling.half_width
    return replace(scaling, center=np.where(near, 0.0, scaling.center))
