"""A run on disk: one folder of files that can be read without kansym, and loaded again without running code.

``formula.json``  all formulas, exact, with data, options and versions; ``certificate.json``  what speaks for and
against the pick; ``equations.csv``  the Pareto front;
``data.safetensors``  the table; ``model.safetensors``  the network; ``symbolic.safetensors``  the network of primitives
that the pick was composed from, and ``read.safetensors`` the one that those were read from;
``network.svg``, ``network.png``; ``report.txt``; ``run.log``.
"""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from kansym.data.preparation import thinned
from kansym.data.scaling import Scaling
from kansym.data.storage import dataset_bytes, load_table
from kansym.errors import ArgumentError, MissingPrimitiveError, StorageError
from kansym.kan.persistence import load_network, save_network
from kansym.primitives.primitive import Primitive
from kansym.run.files import (
    CERTIFICATE,
    DATA,
    EQUATIONS,
    LOG,
    MODEL,
    PICTURES,
    READ,
    RECORD,
    REPORT,
    SCHEMA,
    SYMBOLIC,
)
from kansym.run.finished import FinishedRun
from kansym.run.replacing import clear_beside, require_place
from kansym.run.saving import told
from kansym.run.summary import RunSummary, load_summary
from kansym.run.writing import prepare_directory, replace_file
from kansym.search.options import DiscoveryOptions
from kansym.search.results import Discovery, NetworkReading, TrainedNetwork
from kansym.surfaces import surface
from kansym.validation.certificate import Certificate

logger = logging.getLogger(__name__)

MOST_ROWS = 50_000
"""Rows of the table that are kept; larger ones are thinned evenly."""

SavedRun = FinishedRun
"""What `load_run` gives back."""


class FittedModel(Protocol):
    """An estimator that a search has been run with: `kansym.SymbolicRegressor`."""

    discovery_: Discovery

    @property
    def _command(self) -> str: ...

    def _options(self) -> DiscoveryOptions: ...


def save_run(
    discovery: Discovery | FittedModel,
    directory: str | os.PathLike[str],
    *,
    command: str = "",
    options: DiscoveryOptions | None = None,
    log_lines: Iterable[str] = (),
    certificate: Certificate | None = None,
    table: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write everything about a run to a folder; each file is replaced in one step.

    Of an older run of the same table nothing is left: its report page, figures and comparison with other tools go, for
    they tell of the older run. Files of yours in the folder stay.

    Parameters
    ----------
    discovery : Discovery or fitted SymbolicRegressor
        An estimator brings its options and, if ``certificate_`` has been asked for, its certificate.
    directory : path-like
        Made if need be.
    command : str, optional
        How the run was started, for the record.
    options : DiscoveryOptions, optional
        What it was started with, for the record.
    log_lines : iterable of str, optional
        For ``run.log``.
    certificate : Certificate, optional
        Of the picked formula, see `kansym.validation.certificate.certify`. Default: the one that the discovery has.
    table : dict, optional
        Options of `kansym discover` by which the table can be read again, for the record.
    overwrite : bool, default False
        Replace a run of another table too.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ArgumentError
        If `discovery` is not a discovery, the folder cannot be written to, or it holds a run of another table.
    StorageError
        If a file cannot be written, as on a full disk; the message says which are there.
    """
    if not isinstance(discovery, Discovery):
        # The certificate of an estimator is that of its discovery.
        model = _fitted(discovery)
        discovery, command, options = model.discovery_, command or model._command, options or model._options()
    path = prepare_directory(directory)
    summary = RunSummary.of(discovery, command=command, options=options, certificate=certificate, table=table)
    require_place(path, summary.data_sha256, overwrite=overwrite)
    with told(path, str(discovery.formula)):
        _write(discovery, summary, path, log_lines)
    return path


def _write(discovery: Discovery, summary: RunSummary, path: Path, log_lines: Iterable[str]) -> None:
    """All files of a run."""
    network = discovery.network
    if network is None:
        (path / MODEL).unlink(missing_ok=True)
    else:
        save_network(network.network, path / MODEL, metadata=_describe(network, summary))
    for name, data in _draw(FinishedRun(summary, network, {}, discovery.dataset, discovery.reading)).items():
        if data is None:
            (path / name).unlink(missing_ok=True)
        else:
            replace_file(path / name, data)
    reading = discovery.reading
    for name, part in ((SYMBOLIC, reading and reading.symbolic), (READ, reading and reading.trained)):
        if part is None:
            (path / name).unlink(missing_ok=True)
        else:
            save_network(part, path / name)
    kept = discovery.dataset.take(thinned(np.arange(discovery.dataset.n_rows), MOST_ROWS))
    replace_file(path / DATA, dataset_bytes(kept))
    replace_file(path / EQUATIONS, summary.front.to_frame().to_csv(index=False).encode("utf-8"))
    replace_file(path / LOG, "".join(f"{line}\n" for line in log_lines).encode("utf-8"))
    clear_beside(path)
    save_summary(summary, path)


def _fitted(model: Any) -> FittedModel:
    if isinstance(getattr(model, "discovery_", None), Discovery):
        return model
    what = "one that is not fitted; call fit first" if hasattr(model, "fit") else type(model).__name__
    raise ArgumentError(f"discovery must be a Discovery or a fitted SymbolicRegressor, got {what}")


def save_summary(summary: RunSummary, path: Path) -> None:
    """Write what a summary holds: report, certificate and, last, the record; a folder with a record is a complete run.

    Parameters
    ----------
    summary : RunSummary
    path : Path
        The folder, which exists.
    """
    record = {"kansym": "run", "schema": SCHEMA, **summary.to_dict()}
    replace_file(path / REPORT, surface("report_text")(summary).encode("utf-8"))
    if summary.certificate is None:
        (path / CERTIFICATE).unlink(missing_ok=True)
    else:
        certificate = json.dumps(summary.certificate.to_dict(), indent=1, ensure_ascii=False)
        replace_file(path / CERTIFICATE, certificate.encode("utf-8"))
    replace_file(path / RECORD, json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8"))


def load_run(directory: str | os.PathLike[str], *, library: Mapping[str, Primitive] | None = None) -> FinishedRun:
    """Read what `save_run` wrote. Nothing in the files is executed.

    Parameters
    ----------
    directory : path-like
    library : mapping of str to Primitive, optional
        Where the primitives of the symbolic network are looked up by name. Default: the built-in ones. A run with a
        primitive of your own needs the library that has it; without, `FinishedRun.reading` is None.

    Raises
    ------
    StorageError
        If a file is missing, damaged, too large, of another version or not kansym's.
    """
    path = Path(directory)
    summary = load_summary(path)
    dataset = load_table(path / DATA) if (path / DATA).exists() else None
    reading = _reading(path, library)
    if not (path / MODEL).exists():
        if summary.network:
            raise StorageError(f"{path / MODEL} is missing; the run had a network")
        return FinishedRun(summary, None, {}, dataset, reading)
    network, metadata = load_network(path / MODEL)
    try:
        scaling = Scaling(
            center=np.array([float(value) for value in metadata["scaling"]["center"]]),
            half_width=np.array([float(value) for value in metadata["scaling"]["half_width"]]),
            y_center=float(metadata["scaling"]["y_center"]),
            y_scale=float(metadata["scaling"]["y_scale"]),
        )
        losses = [float(metadata[key]) for key in ("train_loss", "validation_loss")]
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{path / MODEL} does not say how its inputs are scaled; it is not of a run") from error
    if not len(scaling.center) == len(scaling.half_width) == network.n_inputs == len(summary.names):
        raise StorageError(f"{path / MODEL} and {RECORD} do not belong together: numbers of inputs differ")
    trained = TrainedNetwork(network, scaling, losses[0], losses[1], tuple(summary.names), summary.target)
    return FinishedRun(summary, trained, metadata, dataset, reading)


def _reading(path: Path, library: Mapping[str, Primitive] | None) -> NetworkReading | None:
    if not (path / SYMBOLIC).exists():
        return None
    try:
        symbolic, _ = load_network(path / SYMBOLIC, library=library)
        trained = load_network(path / READ, library=library)[0] if (path / READ).exists() else None
    except MissingPrimitiveError as error:
        logger.warning("%s", error)
        return None
    return NetworkReading(symbolic, trained)


def _describe(network: TrainedNetwork, summary: RunSummary) -> dict[str, Any]:
    scaling = network.scaling
    return {
        "names": list(summary.names),
        "target": summary.target,
        "scaling": {
            "center": scaling.center.tolist(),
            "half_width": scaling.half_width.tolist(),
            "y_center": scaling.y_center,
            "y_scale": scaling.y_scale,
        },
        "train_loss": network.train_loss,
        "validation_loss": network.validation_loss,
        "seed": summary.seed,
        "data_sha256": summary.data_sha256,
    }


def _draw(run: FinishedRun) -> dict[str, bytes | None]:
    """Pictures of the network; None where the formula has none."""
    try:
        figure = surface("run_network")(run)
    except ArgumentError:
        return dict.fromkeys(PICTURES)
    return {name: surface("figure_bytes")(figure, name.rsplit(".", 1)[1]) for name in PICTURES}
