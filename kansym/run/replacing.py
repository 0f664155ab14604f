"""What a folder holds already where a run is to go: nothing of another run is lost by mistake, nor left beside it."""

from pathlib import Path

from kansym.data.dataset import Dataset
from kansym.data.preparation import canonical_table
from kansym.errors import ArgumentError, StorageError
from kansym.run.files import COMPARISON, COMPARISON_PAGE, DRAWN, FIGURE_NAMES, OF_A_RUN, PAGE, RECORD, read_record
from kansym.run.summary import fingerprint


def table_of_a_search(dataset: Dataset) -> str:
    """The SHA-256 that a run of this table has in its record."""
    return fingerprint(canonical_table(dataset))


def require_place(path: Path, *sha256: str, overwrite: bool = False) -> None:
    """See that a folder holds no run of another table.

    Parameters
    ----------
    path : Path
        A folder, which need not exist.
    *sha256 : str
        Of the table whose run is to go there, target included; a run of any of them may be replaced.
    overwrite : bool, default False
        Let every run be replaced.

    Raises
    ------
    ArgumentError
        If it does, or holds a ``formula.json`` that cannot be read.
    """
    if overwrite or not (path / RECORD).exists():
        return
    on = "name another folder, or replace it with overwrite=True (--overwrite)"
    try:
        record = read_record(path / RECORD)
    except StorageError as error:
        raise ArgumentError(f"the folder {path} is taken: {error}; {on}") from None
    if record.get("data_sha256") in sha256:
        return
    names = record.get("names")
    inputs = ", ".join(map(str, names[:5])) + ", ..." * (len(names) > 5) if isinstance(names, list) else "?"
    told = f"{record.get('target')} by {inputs}; {record.get('rows')} rows, {record.get('created')}"
    raise ArgumentError(f"the folder {path} holds a run of another table ({told[:200]}); {on}")


def clear_beside(path: Path) -> None:
    """Remove what describes the old run of a folder and is not written with every new one.

    That is its page, a comparison, and figures in the folder of that name. Files with other names stay, and so does
    everything where there is no run.
    """
    if not (path / RECORD).exists():
        return
    for name in (PAGE, COMPARISON_PAGE, *COMPARISON):
        (path / name).unlink(missing_ok=True)
    drawn = path / DRAWN
    if not drawn.is_dir() or drawn.is_symlink():
        return
    for file in drawn.iterdir():
        if file.suffix in (".svg", ".png", ".pdf") and file.stem.removesuffix("-dark") in FIGURE_NAMES:
            file.unlink()
    if not any(drawn.iterdir()):
        drawn.rmdir()


def saved_line(path: Path) -> str:
    """What is said when files have been written to a folder."""
    return f"saved to {path}" + ", beside files that are not of a run" * others(path)


def others(path: Path) -> bool:
    """Whether a folder holds anything that is not of a run."""
    known = {*OF_A_RUN, PAGE, COMPARISON_PAGE, *COMPARISON, DRAWN}
    return path.is_dir() and any(entry.name not in known for entry in path.iterdir())
