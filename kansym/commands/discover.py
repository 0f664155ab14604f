"""The command ``kansym discover``."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from kansym.clock import DEFAULT_SECONDS
from kansym.commands.implementation import run
from kansym.commands.options import ADVANCED, WHOLE, AsJson, Flag, Names, Quiet
from kansym.data.files import require_table
from kansym.errors import ArgumentError


def discover(
    file: str | None = None,
    /,
    *,
    target: Names = None,
    error: Names = None,
    x_error: Annotated[Names, ADVANCED] = None,
    units: Path | None = None,
    given: str | None = None,
    guess: Annotated[Names, Parameter(allow_leading_hyphen=True)] = None,
    guess_from: Path | None = None,
    bounds: Names = None,
    fix: Names = None,
    columns: Names = None,
    group: str | None = None,
    dataset_per_file: str | None = None,
    leave_out: Annotated[Names, ADVANCED] = None,
    seconds: float = DEFAULT_SECONDS,
    seed: Annotated[int, WHOLE] = 0,
    device: Annotated[str, ADVANCED] = "auto",
    deterministic: Annotated[Flag, ADVANCED] = False,
    out: Path | None = None,
    overwrite: Annotated[Flag, ADVANCED] = False,
    robust: Flag = False,
    exact: Flag = False,
    name_constants: Flag = False,
    agreement: Annotated[int, WHOLE, ADVANCED] = 0,
    bootstrap: Annotated[int, WHOLE, ADVANCED] = 0,
    jobs: Annotated[int, WHOLE, ADVANCED] = 1,
    executor: Annotated[Literal["processes", "dask"], ADVANCED] = "processes",
    scheduler: Annotated[str | None, ADVANCED] = None,
    drop_missing: Flag = False,
    key: Annotated[str | None, ADVANCED] = None,
    primitives: Names = None,
    without: Names = None,
    validation_fraction: Annotated[float, ADVANCED] = 0.2,
    quiet: Quiet = False,
    verbose: Annotated[Flag, Parameter(name=("--verbose", "-v")), ADVANCED] = False,
    as_json: AsJson = False,
) -> int:
    """Search a table for the formula that explains one of its columns.

    Prints the formula, its constants with standard errors, LaTeX, the front of simpler and more exact formulas, and a
    certificate: a law, a good description, or no closed form, with the grounds.
    Ctrl-C ends the search and prints the best formula so far (exit code 0, with the note "interrupted"). Mistakes in
    options or data give one line and exit code 2.

    Parameters
    ----------
    file
        The table: csv, tsv, txt, dat, lvm, xlsx, parquet, hdf5, npy or npz. If there is no such file, the name of a
        table that comes with kansym (see `kansym datasets`).
    target
        Column to explain, or several, separated by commas. Required. Quote a name that holds a comma. Several share
        --seconds, none is an input of another, what is found for one is tried on the others, and constants and
        expressions that they have in common are reported. --out then gets a folder for each.
    error
        Standard errors of the target, a column or a number, two columns y_minus,y_plus for errors below and above it,
        1% of it, or `"sqrt(N)"` of a column: rows are then weighted by 1/error^2, and the errors of the constants
        follow from them. With poisson the target is a number of counts, and constants are fitted by its likelihood.
        Of several targets: one for all, or one for each with its name before it, as u=u_error,v=v_error, or the option
        given again; u=u_minus,u_plus has the errors of u below and above it.
    x_error
        Standard errors of input columns, such as t=t_error or t=0.1: the column they are of, and a column or a number.
        Several are separated by commas, or the option is given again. Needs --error.
    units
        Units of columns, as v=m/s,t=s, or a file of lines such as v = m/s, or TOML. They go before those in the header
        (v [m/s]). A unit that is not known is an error here, and a warning in a header. With units formulas are
        checked, constants get units, and the search begins with dimensional analysis.
    given
        A part of the law that is known, with ... for what is looked for: `"g*x/2 + ..."` or `"exp(-t/tau)*(...)"`.
        Names that are not columns are constants, and are fitted.
    guess
        A formula to start from, of PySR or a textbook: `"A*exp(-t/tau) + 0.1"`. Names that are not columns are
        constants, numbers with a point their starting values. The report says whether the data want less or more. The
        option may be given several times.
    guess_from
        hall_of_fame.csv of a PySR run on this table, or the folder of the run: its pick and the best of its other
        formulas by its own score, three in all, become guesses. It is read without PySR and without Julia.
    bounds
        What constants of --given or --guess may be, such as `"tau=0:10,A>0"` or tau=0: for one end.
    fix
        Constants of --given or --guess that are known and not fitted, such as g=9.81.
    robust
        For a table with mistakes in it: rows that no smooth function comes near are left out of the search, hardly
        count in the last fit, and are listed.
    exact
        Put exact numbers into the formula where fitted constants agree with them, as 2 for 2.003(4). What was fitted
        stays in the list of constants. Without, measured constants keep their values and errors.
    name_constants
        Print the formula with names for its constants as well, `c0*exp(c1*t)`, in text and LaTeX. Names from --guess
        and --given are always printed.
    agreement
        Number of further searches, from other seeds, for the certificate, each with --seconds; 0 for none.
    bootstrap
        Number of searches of rows that are drawn from the table with replacement, for the certificate: how often the
        same form comes back. Each has --seconds; 0 for none.
    jobs
        Worker processes on this machine for --agreement and --bootstrap, one thread each. What they find does not
        depend on it.
    executor
        Where these searches run: processes of this machine, or the workers of a Dask cluster.
    scheduler
        Address of a Dask scheduler, such as tcp://host:8786, or its scheduler file.
    columns
        Inputs, separated by commas. Default: all other columns that hold numbers. Quote a name that holds a comma.
    group
        Column that names groups of rows, texts or whole numbers: one formula for all, with constants that are shared
        and constants of each group. With --out the folder has constants.csv, a row per group.
    dataset_per_file
        Files with the same columns, such as 'runs/*.csv', in quotes: each is a group, named by its stem. Instead of
        FILE and --group.
    leave_out
        With groups: one whose rows do not count. The option may be given several times.
    seconds
        Wall time of everything, from Enter to the prompt, kept to within 10 % from 5 s on: reading, search, certificate
        and files. A law that is found exactly ends the search earlier; give more time for many columns.
    seed
        Source of every random choice: the same table, seed and options give the same formula on any machine, unless the
        clock on the wall ended the search, which the report then says.
    device
        cpu, cuda, or auto: CUDA for tables large enough to gain from it.
    deterministic
        Leave the clock on the wall out: a slow or busy machine takes longer than --seconds and finds the same.
    out
        Folder for report.html, formula.json, certificate.json, equations.csv, the table and the networks (safetensors),
        network.svg and .png, report.txt and run.log. Nothing is written without it. An earlier run of the same table
        there is replaced, with its page, figures and comparison; one of another table is refused.
    overwrite
        With --out: replace a run of another table too.
    drop_missing
        Leave out rows with missing values instead of refusing the table.
    key
        Group or dataset of an HDF5 file, sheet of an Excel file, or array of an npz file, where there are several.
    primitives
        Use only these functions, separated by commas (see `kansym primitives`).
    without
        Do not use these functions. Leave out what the physics forbids.
    validation_fraction
        Share of the rows held out to judge formulas; tables below 20 rows use leave-one-out instead.
    quiet
        Print the result and nothing else.
    verbose
        Log every step to standard error, and show tracebacks.
    as_json
        Print the result as one JSON object.
    """
    if file is None and dataset_per_file is None:
        raise ArgumentError("FILE is missing; name a table: kansym discover data.csv --target y")
    for option, count in (("--agreement", agreement), ("--bootstrap", bootstrap)):
        if count < 0:
            raise ArgumentError(f"{option} must be a number of searches, 0 or more, got {count}")
    if jobs < 1:
        raise ArgumentError(f"--jobs must be at least 1, got {jobs}")
    if scheduler is not None and executor != "dask":
        raise ArgumentError("--scheduler is for --executor dask")
    if guess_from is not None and given is not None:
        raise ArgumentError("--guess-from and --given do not go together; give one of its formulas with --guess")
    if guess and given is not None:
        raise ArgumentError("--guess and --given do not go together; write what is given into the guess")
    if (bounds or fix) and not guess and given is None:
        raise ArgumentError("--bounds and --fix are for constants of --given or --guess, and there is neither")
    if file is not None and dataset_per_file is None:
        require_table(file)
    return run(discover, locals())
