"""A run in plain values: what the report says and what is stored, from a `Discovery` or from a file."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import logging
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from kansym.codec import finite_json, from_json, to_json
from kansym.data.dataset import Dataset
from kansym.data.preparation import MINIMUM_ROWS
from kansym.errors import StorageError
from kansym.fitting.outliers import Outlier
from kansym.forms.result import Forms
from kansym.kan.decision import Decision
from kansym.kan.shape import format_shape
from kansym.primitives.library import default_library
from kansym.run.agreement import Agreement, Weighting
from kansym.run.files import RECORD, read_record, require_folder
from kansym.search.events import Event
from kansym.search.front import ParetoFront
from kansym.search.guess_outcome import GuessOutcome, with_pick
from kansym.surfaces import surface
from kansym.symbolic.formula import Formula
from kansym.validation.certificate import Certificate
from kansym.validation.formula_symmetries import FormulaSymmetry, formula_symmetries

if TYPE_CHECKING:
    from kansym.search.options import DiscoveryOptions
    from kansym.search.results import Discovery

logger = logging.getLogger(__name__)


def recorded_options(options: DiscoveryOptions) -> dict[str, Any]:
    """What a record says of the options of a search, beside the seed: those that people choose, as text or numbers."""
    known = list(options.primitives)
    record = {
        "max_seconds": options.max_seconds,
        "device": options.device,
        "validation_fraction": options.validation_fraction,
        "primitives": "all" if known == list(default_library()) else known,
    }
    record |= {} if options.loss == "linear" else {"loss": options.loss}
    record |= {} if options.given is None else {"given": options.given}
    record |= {"guesses": list(options.guesses)} if options.guesses else {}
    ends = {name: [None if np.isinf(end) else end for end in pair] for name, pair in options.limits.items()}
    record |= {"limits": ends} if ends else {}
    return record | {name: True for name in ("deterministic", "exact") if getattr(options, name)}


@dataclass(frozen=True, eq=False)
class RunSummary:
    """A finished run.

    Attributes
    ----------
    formula : Formula
        The pick.
    front : ParetoFront
    agreement : Agreement
    names, units : tuple
        Input columns and their units (None where unknown).
    target : str
    y_units : str or None
    rows : int
    notes : tuple of str
        From the data and the run.
    noise_floor : float
        In units of y.
    network : str
        The best network, in words; empty without one.
    decisions : tuple of str
        How the network grew.
    seconds : float
    stopped : str
    seed : int or None
    options : dict
        Other options of the run, as text or numbers.
    command : str
    created : str
        UTC, ISO 8601.
    versions : dict
    data_sha256 : str
        Of names and numbers, in the canonical order of the rows: the same for a shuffled table.
    certificate : Certificate or None
        What speaks for and against the formula.
    guesses : tuple of GuessOutcome
        What became of the formulas that the search started from.
    growth : tuple of Decision
        What `decisions` says, in numbers; empty for a record of a version that did not keep it.
    outliers : tuple of Outlier
        Rows that are farther from the formula than chance allows.
    table : dict
        Options of `kansym discover` that say which table was searched and with which functions; empty for a run that
        was started otherwise.
    times : dict
        Seconds of the command that made the run, by phase, from Enter to the prompt: start, reading, search,
        certificate, files. Empty for a run that no command made, and of older versions.
    forms : Forms or None
        The distinct forms that were met with their probabilities; None without a certificate, and of older versions.
    symmetries : tuple of FormulaSymmetry
        What the formula does not notice; empty for a record of a version that did not look.
    log : tuple of Event
        Who had which slice of work, what was expected of it, and what came; empty for a record of a version that kept
        none.
    """

    formula: Formula
    front: ParetoFront
    agreement: Agreement
    names: tuple[str, ...]
    units: tuple[str | None, ...]
    target: str
    y_units: str | None
    rows: int
    notes: tuple[str, ...]
    noise_floor: float
    network: str
    decisions: tuple[str, ...]
    seconds: float
    stopped: str
    seed: int | None
    options: Mapping[str, Any]
    command: str
    created: str
    versions: Mapping[str, str]
    data_sha256: str
    certificate: Certificate | None = None
    guesses: tuple[GuessOutcome, ...] = ()
    growth: tuple[Decision, ...] = ()
    outliers: tuple[Outlier, ...] = ()
    table: Mapping[str, Any] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)
    forms: Forms | None = None
    symmetries: tuple[FormulaSymmetry, ...] = ()
    log: tuple[Event, ...] = ()

    @classmethod
    def of(
        cls,
        discovery: Discovery,
        *,
        command: str = "",
        options: DiscoveryOptions | None = None,
        certificate: Certificate | None = None,
        table: Mapping[str, Any] | None = None,
    ) -> RunSummary:
        """Of a discovery.

        Parameters
        ----------
        discovery : Discovery
        command : str, optional
            How the run was started, for the record.
        options : DiscoveryOptions, optional
            What the run was started with, for the record.
        certificate : Certificate, optional
            Default: the one that the discovery has.
        table : dict, optional
            Options of `kansym discover` by which the table can be read again, in JSON types.
        """
        dataset = discovery.dataset
        network = discovery.network
        aside = _set_aside(discovery, options, certificate)
        everything = discovery.all_rows
        if everything is None:
            agreement, rows = Agreement.of(discovery.formula, dataset, aside), dataset.n_rows
        else:
            agreement = Agreement.of_all_rows(discovery.formula, dataset, everything)
            rows = everything.rows + everything.undefined_rows + everything.left_out
        words = ""
        if network is not None:
            rmse = math.sqrt(network.validation_loss) if math.isfinite(network.validation_loss) else math.nan
            grid = max(layer.grid for layer in network.network.layers)
            # Small tables have no rows to hold out for networks; their one loss is the training loss.
            judged = "RMS residual" if network.validation_loss == network.train_loss else "held-out RMS residual"
            judged = f"{judged} (weighted by {agreement.weights})" if agreement.weights else judged
            words = f"{format_shape(network.network.shape)}, grid {grid}, {judged} {rmse:.3g}"
        notes = [*discovery.notes, *discovery.formula.notes]
        if dataset.n_rows < MINIMUM_ROWS:
            notes.append(
                f"Only {dataset.n_rows} rows for {dataset.n_columns} input{'s'[: dataset.n_columns > 1]}: formulas are "
                "judged by leave-one-out, and networks with many more parameters than rows are not tried."
            )
        # A discovery knows of its certificate only that it has a verdict.
        certificate = cast("Certificate | None", discovery.certificate) if certificate is None else certificate
        forms = None if certificate is None else _forms(discovery, certificate)
        return cls(
            formula=discovery.formula,
            front=discovery.front,
            agreement=agreement,
            names=dataset.names,
            units=dataset.units,
            target=dataset.target,
            y_units=dataset.y_units,
            rows=rows,
            notes=tuple(dict.fromkeys(notes)),
            noise_floor=discovery.noise_floor,
            network=words,
            decisions=tuple(str(decision) for decision in discovery.decisions),
            seconds=discovery.seconds,
            stopped=discovery.stopped,
            seed=None if options is None else options.seed,
            options={} if options is None else recorded_options(options),
            command=command,
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            versions=versions(),
            data_sha256=fingerprint(dataset),
            certificate=certificate,
            guesses=discovery.guesses,
            growth=discovery.decisions,
            outliers=discovery.outliers,
            table={} if table is None else table,
            forms=forms,
            symmetries=_symmetries(discovery),
            log=discovery.log,
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON types."""
        record = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        record |= {
            "formula": self.formula.to_dict(),
            "front": [formula.to_dict() for formula in self.front],
            "agreement": asdict(self.agreement),
            "certificate": None if self.certificate is None else self.certificate.to_dict(),
            "guesses": [guess.to_dict() for guess in self.guesses],
            "growth": [asdict(decision) for decision in self.growth],
            "outliers": [asdict(outlier) for outlier in self.outliers],
            "forms": None if self.forms is None else self.forms.to_dict(),
            "symmetries": to_json(self.symmetries),
            "log": to_json(self.log),
        }
        return finite_json(record)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> RunSummary:
        """The inverse of `to_dict`.

        Raises
        ------
        StorageError
            If a key is missing or has the wrong type.
        """
        try:
            found = record["agreement"]
            agreement = {name: _number_or(found[name], None) for name in _AGREEMENT}
            # Older records do not say; errors are what they had chi-squared from.
            weights = found.get("weights", "1/error^2" if found["reduced_chi2"] is not None else "")
            guesses = tuple(GuessOutcome.from_dict(guess) for guess in _list(record.get("guesses", [])))
            return cls(
                formula=_formula(record["formula"]),
                front=_front(record, guesses),
                agreement=Agreement(
                    rms=_number_or(agreement["rms"], math.nan),
                    relative=_number_or(agreement["relative"], math.nan),
                    one_minus_r2=_number_or(agreement["one_minus_r2"], math.nan),
                    held_out_rms=agreement["held_out_rms"],
                    reduced_chi2=agreement["reduced_chi2"],
                    undefined_rows=int(found["undefined_rows"]),
                    plain_rms=_number_or(found["plain_rms"], math.nan) if "plain_rms" in found else None,
                    plain_relative=_number_or(found["plain_relative"], math.nan) if "plain_rms" in found else None,
                    weights=Weighting(weights),
                    left_out=int(found.get("left_out", 0)),
                ),
                names=_texts(record["names"]),
                units=tuple(None if unit is None else _text(unit) for unit in _list(record["units"])),
                target=_text(record["target"]),
                y_units=None if record["y_units"] is None else _text(record["y_units"]),
                rows=int(record["rows"]),
                notes=_texts(record["notes"]),
                noise_floor=_number_or(record["noise_floor"], math.nan),
                network=_text(record["network"]),
                decisions=_texts(record["decisions"]),
                seconds=_number_or(record["seconds"], math.nan),
                stopped=_text(record["stopped"]),
                seed=None if record["seed"] is None else int(record["seed"]),
                options=dict(record["options"]),
                command=_text(record["command"]),
                created=_text(record["created"]),
                versions={_text(key): _text(value) for key, value in record["versions"].items()},
                data_sha256=_text(record["data_sha256"]),
                certificate=None if record.get("certificate") is None else Certificate.from_dict(record["certificate"]),
                guesses=guesses,
                growth=tuple(_decision(decision) for decision in _list(record.get("growth", []))),
                outliers=tuple(_outlier(outlier) for outlier in _list(record.get("outliers", []))),
                table=dict(record.get("table", {})),
                forms=None if record.get("forms") is None else Forms.from_dict(record["forms"]),
                symmetries=tuple(from_json(FormulaSymmetry, one) for one in _list(record.get("symmetries", []))),
                log=tuple(from_json(Event, one) for one in _list(record.get("log", []))),
                times={_text(phase): _number_or(time, math.nan) for phase, time in record.get("times", {}).items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError(f"run record cannot be read: {type(error).__name__} {str(error)[:100]}") from error


def _symmetries(discovery: Discovery) -> tuple[FormulaSymmetry, ...]:
    """Symmetries of the pick; none where its derivatives cannot be evaluated, which must not cost the run."""
    try:
        return formula_symmetries(discovery.formula, discovery.dataset.X)
    except (ArithmeticError, TypeError, ValueError, NameError) as error:
        logger.info("symmetries of %s were not looked for: %s", discovery.formula, error)
        return ()


def _forms(discovery: Discovery, certificate: Certificate) -> Forms:
    """The forms of a discovery, with what its certificate knows."""
    left_p = None if certificate.leftover is None else certificate.leftover.p_value
    return surface("forms")(discovery, left_p=left_p)


def load_summary(directory: Path) -> RunSummary:
    """What the folder of a run says, without its table and networks.

    Raises
    ------
    StorageError
        As of `kansym.load_run`.
    """
    require_folder(directory)
    return RunSummary.from_dict(read_record(directory / RECORD))


def _front(record: Mapping[str, Any], guesses: tuple[GuessOutcome, ...]) -> ParetoFront:
    """The front of a record, whose pick may be a guess that is not the shortest description."""
    stored = _list(record["front"])
    formulas = [_formula(formula) for formula in stored]
    if any(guess.as_written for guess in guesses) and record["formula"] in stored:
        return with_pick(formulas, formulas[stored.index(record["formula"])])
    return ParetoFront(formulas)


def _set_aside(
    discovery: Discovery, options: DiscoveryOptions | None, certificate: Certificate | None
) -> tuple[int, ...]:
    """Rows that a robust fit counts as outliers: what the certificate leaves out, the numbers of the fit do too."""
    certificate = cast("Certificate | None", discovery.certificate) if certificate is None else certificate
    robust = options is not None and options.loss != "linear"
    robust = robust or (certificate is not None and certificate.outliers_left_out > 0)
    return tuple(outlier.row for outlier in discovery.outliers) if robust else ()


_AGREEMENT = ("rms", "relative", "one_minus_r2", "held_out_rms", "reduced_chi2")
"""Numbers of an agreement that every version stored."""


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    found = {"python": platform.python_version()}
    for package in ("kansym", "torch", "sympy", "numpy", "scipy"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "unknown"
    return found


def fingerprint(dataset: Dataset) -> str:
    """SHA-256 of names and numbers of a table, of a long one in the order of its rows, in hexadecimal."""
    digest = hashlib.sha256()
    if dataset.whole is not None:
        # Columns that a formula may use are part of what is searched.
        digest.update(dataset.whole.sha256.encode())
        dataset = dataset.take(np.arange(1))
    for name in (*dataset.names, dataset.target):
        digest.update(f"{len(name)}:{name};".encode("utf-8", "surrogatepass"))
    errors = () if dataset.x_error is None else (dataset.x_error,)
    # Errors that follow from a formula are others after the search.
    y_error = np.ones(1) if dataset.counts else dataset.y_error if dataset.y_sides is None else dataset.y_sides
    for values in (dataset.X, dataset.y, y_error, dataset.sample_weight, *errors):
        digest.update(b"-" if values is None else np.ascontiguousarray(values, dtype="<f8").tobytes())
    return digest.hexdigest()


def _number_or(value: Any, otherwise: Any) -> Any:
    if value is None:
        return otherwise
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected a number, got {str(value)[:40]!r}")
    return float(value)


def _formula(record: Any) -> Formula:
    formula = Formula.from_dict(record)
    for constant in formula.constants:
        _text(constant.name)
        _number_or(constant.value, math.nan)
        _number_or(constant.error, None)
        _text(constant.snapped or "")
    return formula


def _decision(record: Any) -> Decision:
    return Decision(
        action=_text(record["action"]),
        shape=tuple(int(w) if isinstance(w, int) else (int(w[0]), int(w[1])) for w in _list(record["shape"])),
        grid=int(record["grid"]),
        train_rmse=_number_or(record["train_rmse"], math.nan),
        validation_rmse=_number_or(record["validation_rmse"], math.nan),
        accepted=bool(record["accepted"]),
        reason=_text(record["reason"]),
    )


def _outlier(record: Any) -> Outlier:
    # JSON has no infinity: a row off an otherwise exact fit is infinitely many standard errors away.
    sigmas = _number_or(record["sigmas"], math.inf)
    residual = _number_or(record["residual"], math.nan)
    return Outlier(row=int(record["row"]), residual=residual, sigmas=math.copysign(sigmas, residual))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {str(value)[:40]!r}")
    return value


def _list(value: Any) -> list:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {str(value)[:40]!r}")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(entry) for entry in _list(value))
