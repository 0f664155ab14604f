"""The command ``kansym compare``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from kansym.commands.implementation import run
from kansym.commands.options import ADVANCED, WHOLE, AsJson, Flag, Names, Quiet
from kansym.data.files import require_table


def compare(
    file: str,
    /,
    *,
    target: str | None = None,
    peers: Annotated[Names, Parameter(name="--with")] = None,
    seconds: float | None = None,
    seed: Annotated[int | None, WHOLE] = None,
    error: str | None = None,
    columns: Names = None,
    units: Path | None = None,
    pysr_csv: Annotated[Path | None, ADVANCED] = None,
    data: Annotated[Path | None, ADVANCED] = None,
    primitives: Names = None,
    without: Names = None,
    drop_missing: Annotated[Flag, ADVANCED] = False,
    key: Annotated[str | None, ADVANCED] = None,
    out: Path | None = None,
    overwrite: Annotated[Flag, ADVANCED] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Run kansym and other tools on the same rows, and say whether they found the same formula.

    Prints one table: picks, whether the formula is the same, complexity by one count, bits, errors on rows that no tool
    saw, seconds with the start-up apart, and memory; sentences below say what it means. A tool that fails is one line
    of it. Ctrl-C prints what is there. Exit code 3 where a tool is not installed; the others run all the same.

    Parameters
    ----------
    file
        A table, as for `kansym discover`, or the folder of a finished run (--out of `discover`): that formula is then
        compared on all rows, and the comparison is added to the folder.
    target
        Column to explain. Required for a table.
    peers
        Tools, separated by commas: pysr, operon, gplearn, pykan, mlp. Default: pysr,operon,mlp, or none with
        --pysr-csv.
    seconds
        Time budget of each tool. Default: 60, or that of the run.
    seed
        Of every tool. Default: 0, or that of the run.
    error
        Standard errors of the target, a column or a number: they become weights.
    columns
        Inputs, separated by commas. Default: all other columns that hold numbers.
    units
        Units of columns, as v=m/s,t=s, or a file of them. PySR takes them, and kansym.
    pysr_csv
        hall_of_fame.csv of a PySR run on this table, made on any machine; it is read without Julia.
    data
        The table of a finished run, where it is not where it was.
    primitives
        Use only these functions, separated by commas (see `kansym primitives`); peers use what they have of them.
    without
        Do not use these functions.
    drop_missing
        Leave out rows with missing values instead of refusing the table.
    key
        Group or dataset of an HDF5 file, sheet of an Excel file, or array of an npz file, where there are several.
    out
        Folder for comparison.html, a page to show to others, comparison.json, comparison.csv, comparison.txt and a
        figure, and for kansym's run with its report.
        Nothing is written without it.
    overwrite
        With --out and a table: replace a run of another table too.
    quiet
        Print the result and nothing else.
    as_json
        Print the result as one JSON object.
    """
    if not Path(file).is_dir():
        require_table(file)
    return run(compare, locals())
