"""A comparison on disk, beside a run."""

import json
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import matplotlib

from kansym.comparison.result import Comparison
from kansym.errors import StorageError
from kansym.run.files import COMPARISON
from kansym.run.storage import SavedRun, save_summary
from kansym.run.writing import replace_file
from kansym.validation.peers import PeerFinding

RECORD, TABLE, TEXT, *FIGURES = COMPARISON

MAX_BYTES = 64 * 2**20


def save_comparison(comparison: Comparison, directory: Path) -> None:
    """Write comparison.json, .csv, .txt, .svg and .png; each file is replaced in one step."""
    record = json.dumps({"kansym": "comparison", **comparison.to_dict()}, indent=1, ensure_ascii=False, allow_nan=False)
    replace_file(directory / RECORD, record.encode("utf-8"))
    replace_file(directory / TABLE, comparison.to_frame().to_csv(index=False).encode("utf-8"))
    replace_file(directory / TEXT, f"{comparison}\n".encode())
    figure = comparison.figure()
    for name in FIGURES:
        stream = BytesIO()
        # Without a date and random ids the same comparison gives the same file.
        with matplotlib.rc_context({"svg.hashsalt": "kansym"}):
            metadata = {"Date": None} if name.endswith("svg") else None
            figure.savefig(stream, format=name.rsplit(".", 1)[1], dpi=150, metadata=metadata)
        replace_file(directory / name, stream.getvalue())


def load_comparison(directory: Path) -> Comparison:
    """Read what `save_comparison` wrote.

    Raises
    ------
    StorageError
        If it is missing, damaged, too large or of another version.
    """
    path = directory / RECORD
    try:
        if path.stat().st_size > MAX_BYTES:
            raise StorageError(f"{path} is too large for a comparison")
        record = json.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path} is damaged: it is not JSON") from error
    if not isinstance(record, dict) or record.pop("kansym", None) != "comparison":
        raise StorageError(f"{path} is not a comparison made by kansym")
    return Comparison.from_dict(record)


def add_to_run(directory: Path, run: SavedRun, found: Sequence[PeerFinding]) -> None:
    """Put what peers found into the certificate and the report of a finished run."""
    certificate = run.summary.certificate
    if certificate is not None:
        save_summary(replace(run.summary, certificate=certificate.with_peers(found)), directory)
