# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""The folder of a law for several groups: written once, and read again."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kansym.codec import finite_json, from_json, to_json
from kansym.data.storage import dataset_bytes, load_table
from kansym.errors import ArgumentError, StorageError
from kansym.figures.svg import figure_bytes
from kansym.groups.page import FIGURES, groups_html
from kansym.groups.result import GroupedConstant, GroupedFormula, GroupFit
from kansym.groups.table import GroupedTable
from kansym.groups.text import text_report
from kansym.run.files import PAGE, REPORT
from kansym.run.files import RECORD as RUN_RECORD
from kansym.run.writing import prepare_directory, replace_file
from kansym.search.events import Event
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.serialization import from_tree
from kansym.validation.verdict import Ground, Topic, Verdict

RECORD, CONSTANTS, DATA = "groups.json", "constants.csv", "data.safetensors"

SCHEMA = 1
"""Version of ``groups.json``; files of other versions are refused."""

MAX_BYTES = 64 * 2**20
"""Largest record that is read."""


def require_place(path: Path, *, overwrite: bool = False) -> None:
    """See that a folder holds no other run.

    Raises
    ------
    ArgumentError
        If it does, and `overwrite` is not set.
    """
    taken = next((name for name in (RUN_RECORD, RECORD) if (path / name).exists()), None)
    if taken is not None and not overwrite:
        raise ArgumentError(
            f"the folder {path} holds a run ({taken}); name another folder, or replace it with overwrite=True "
            "(--overwrite)"
        )


def save_groups(found: GroupedFormula, directory: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write the result as a folder: page, text, figures, the table, and ``constants.csv`` with a row per group.

    Parameters
    ----------
    found : GroupedFormula
    directory : path-like
    overwrite : bool, default False
        Whether another run there may be replaced.

    Raises
    ------
    ArgumentError
        If it cannot be written, or holds another run.
    """
    path = prepare_directory(directory)
    require_place(path, overwrite=overwrite)
    replace_file(path / RECORD, json.dumps(_record(found), ensure_ascii=False, indent=1).encode())
    replace_file(path / DATA, dataset_bytes(found.table.dataset))
    replace_file(path / CONSTANTS, found.to_frame().to_csv(index=False).encode())
    replace_file(path / REPORT, f"{text_report(found)}\n".encode())
    replace_file(path / PAGE, groups_html(found).encode("utf-8", "backslashreplace"))
    for name, (_, make) in FIGURES.items():
        figure = make(found)
        for kind in ("svg", "png"):
            if figure is None:
                (path / f"{name}.{kind}").unlink(missing_ok=True)
            else:
                replace_file(path / f"{name}.{kind}", figure_bytes(figure, kind))
    return path


def is_of_groups(directory: Path) -> bool:
    """Whether a folder holds such a result."""
    return (directory / RECORD).is_file()


def load_groups(directory: str | os.PathLike[str]) -> GroupedFormula:
    """The result of a folder that `save_groups` wrote.

    Raises
    ------
    StorageError
        If it is missing, damaged or of another version.
    """
    path = Path(directory) / RECORD
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            raise StorageError(f"{path.parent} holds no law for several groups: {RECORD} is missing or too large")
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StorageError(f"{path} cannot be read: {type(error).__name__}") from error
    if not isinstance(record, dict) or record.get("kansym") != "groups" or record.get("schema") != SCHEMA:
        raise StorageError(f"{path} is not the record of a law for several groups of schema {SCHEMA}")
    try:
        return _read(record, path.parent)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StorageError(f"{path} is damaged: {type(error).__name__} {error}") from error


def _record(found: GroupedFormula) -> dict[str, Any]:
    levels = {name: column.tolist() for name, column in found.table.level_columns.items()}
    stored = {
        "codes": found.table.codes.tolist(),
        "level_columns": levels,
        "values": found.values.tolist(),
        "errors": np.column_stack([one.errors for one in found.constants]).tolist(),
        "covariance": found.covariance.tolist(),
        "grounds": []
        if found.verdict is None
        else [[one.supports, one.words, one.topic.value] for one in found.verdict.grounds],
        "log": to_json(found.log),
    }
    return {"kansym": "groups", "schema": SCHEMA, **found.to_dict(), "stored": finite_json(stored)}


def _read(record: dict[str, Any], path: Path) -> GroupedFormula:
    stored, dataset = record["stored"], load_table(path / DATA)
    codes = np.array(stored["codes"], dtype=int)
    names = tuple(str(one["name"]) for one in record["groups"])
    if codes.shape != (dataset.n_rows,) or codes.min() != 0 or codes.max() != len(names) - 1:
        raise ValueError("groups and rows do not go together")
    labels = {str(name): np.array(column)[codes] for name, column in stored["level_columns"].items()}
    table = GroupedTable(replace(dataset, labels=labels), str(record["group"]), names, codes)
    values, errors = (np.array(stored[key], dtype=np.float64) for key in ("values", "errors"))
    constants = tuple(
        GroupedConstant(
            str(one["name"]), bool(one["shared"]), values[:, j], errors[:, j], one["unit"],
            _number(one["chi2_equal"]), _number(one["p_equal"]),
        )
        for j, one in enumerate(record["constants"])
    )  # fmt: skip
    symbols = tuple(plain_symbol(one.name) for one in constants)
    variables = tuple(plain_symbol(name) for name in dataset.names)
    verdict = record["verdict"]
    return GroupedFormula(
        form=ParametricForm(from_tree(record["expression"]), variables, symbols, values[0]),
        constants=constants,
        table=table,
        fits=tuple(GroupFit(**one) for one in record["groups"]),
        covariance=np.array(stored["covariance"], dtype=np.float64),
        levels=None if record["levels"] is None else np.array(record["levels"], dtype=np.float64),
        noise=record["noise"],
        chi2=record["chi2"],
        p_value=record["p_value"],
        ndf=int(record["ndf"]),
        bits=_number(record["description_length"]),
        saved=_number(record["saved_bits"]),
        alternatives=tuple((str(one["text"]), float(one["longer_by"])) for one in record["alternatives"]),
        notes=tuple(map(str, record["notes"])),
        verdict=None
        if verdict is None
        else Verdict(
            verdict["kind"],
            verdict["reason"],
            tuple(Ground(bool(good), str(words), Topic(topic)) for good, words, topic in stored["grounds"]),
        ),
        seconds=float(record["seconds"]),
        interrupted=bool(record["interrupted"]),
        log=tuple(from_json(Event, one) for one in stored.get("log", [])),
    )


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
