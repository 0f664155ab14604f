"""The command ``kansym discover``."""

import json
import logging
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console

from kansym.commands.options import (
    ADVANCED,
    Flag,
    Names,
    command_line,
    input_errors,
    split_names,
    whole_number,
    write_line,
)
from kansym.commands.table_options import before_the_search, read_dataset, restricted_library, with_units
from kansym.errors import ArgumentError

if TYPE_CHECKING:
    from kansym.data.dataset import Dataset

# A formula may begin with a minus, which is no option.
Guesses = Annotated[list[str] | None, Parameter(negative=(), n_tokens=1, accepts_keys=False, allow_leading_hyphen=True)]

CERTIFYING = 0.06
"""Share of the time budget kept for the certificate."""


def discover(
    file: str,
    /,
    *,
    target: str | None = None,
    error: str | None = None,
    x_error: Annotated[Names, ADVANCED] = None,
    units: Path | None = None,
    given: str | None = None,
    guess: Guesses = None,
    columns: Names = None,
    seconds: float = 60.0,
    seed: Annotated[int, Parameter(converter=whole_number)] = 0,
    device: Annotated[str, ADVANCED] = "auto",
    deterministic: Annotated[Flag, ADVANCED] = False,
    out: Path | None = None,
    overwrite: Annotated[Flag, ADVANCED] = False,
    robust: Flag = False,
    agreement: Annotated[int, Parameter(converter=whole_number), ADVANCED] = 0,
    drop_missing: Flag = False,
    key: Annotated[str | None, ADVANCED] = None,
    primitives: Names = None,
    without: Names = None,
    validation_fraction: Annotated[float, ADVANCED] = 0.2,
    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), negative=(), show_default=False)] = False,
    verbose: Annotated[bool, Parameter(name=("--verbose", "-v"), negative=(), show_default=False), ADVANCED] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=(), show_default=False)] = False,
) -> int:
    """Search a table for the formula that explains one of its columns.

    Prints the formula, its constants with standard errors, LaTeX, the front of simpler and more exact formulas, and a
    certificate: a law, a good description, or no closed form, with the grounds.
    Ctrl-C ends the search and prints the best formula so far (exit code 0, with the note "interrupted"). Mistakes in
    options or data give one line and exit code 2.

    Parameters
    ----------
    file
        The table: csv, tsv, txt, dat, parquet, hdf5, npy or npz. If there is no such file, the name of a table that
        comes with kansym (see `kansym datasets`).
    target
        Column to explain. Required.
    error
        Standard errors of the target, a column or a number: rows are then weighted by 1/error^2, and the errors of the
        constants follow from them.
    x_error
        Standard errors of input columns, such as t=t_error or t=0.1: the column they are of, and a column or a number.
        Several are separated by commas, or the option is given again. Needs --error.
    units
        File with units of columns: lines such as v = m/s, or TOML. They go before those in the header (v [m/s]). With
        units formulas are checked, constants get units, and the search begins with dimensional analysis.
    given
        A part of the law that is known, with ... for what is looked for: `"g*x/2 + ..."` or `"exp(-t/tau)*(...)"`.
        Names that are not columns are constants, and are fitted.
    guess
        A formula to start from, of PySR or a textbook: `"A*exp(-t/tau) + 0.1"`. Names that are not columns are
        constants, numbers with a point their starting values. The report says whether the data want less or more. The
        option may be given several times.
    robust
        For a table with mistakes in it: rows that no smooth function comes near are left out of the search, hardly
        count in the last fit, and are listed.
    agreement
        Number of further searches, from other seeds, for the certificate, each with --seconds; 0 for none.
    columns
        Inputs, separated by commas. Default: all other columns that hold numbers. Quote a name that holds a comma.
    seconds
        Wall time of the search and the certificate, kept to within 10 %. A law that is found exactly ends the search
        earlier; give more time for many columns.
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
        Group or dataset of an HDF5 file, or array of an npz file, where there are several.
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
    from dataclasses import replace

    from kansym.device import choose_device
    from kansym.report.html.page import write_page
    from kansym.report.terminal import ProgressDisplay, recorded_log
    from kansym.report.text import text_report
    from kansym.run.replacing import require_place, saved_line, table_of_a_search
    from kansym.run.storage import prepare_directory, save_run
    from kansym.run.summary import RunSummary
    from kansym.search.discovery import discover as search
    from kansym.search.options import DiscoveryOptions
    from kansym.validation.certificate import certify

    console = Console(stderr=True, quiet=quiet)
    if agreement < 0:
        raise ArgumentError(f"--agreement must be a number of searches, 0 or more, got {agreement}")
    if guess and given is not None:
        raise ArgumentError("--guess and --given do not go together; write what is given into the guess")
    options = DiscoveryOptions(
        max_seconds=seconds,
        seed=seed,
        device=device,
        validation_fraction=validation_fraction,
        primitives=restricted_library(split_names(primitives), split_names(without)),
        loss="tukey" if robust else "linear",
        given=given,
        guesses=tuple(guess or ()),
        deterministic=deterministic,
    )
    dataset, remarks = read_dataset(
        file, target, error, input_errors(x_error), split_names(columns) or None, drop_missing, key
    )
    if units is not None:
        dataset = with_units(dataset, units)
    remarks += before_the_search(dataset)
    choose_device(device, dataset.n_rows)
    if given is not None:
        from kansym.search.prior.part import GivenPart

        GivenPart.read(given, dataset.names)
    _check_guesses(guess or (), dataset)
    if out is not None:
        prepare_directory(out)
        require_place(out, table_of_a_search(dataset), overwrite=overwrite)
    for remark in remarks:
        console.print(remark, markup=False, highlight=False, soft_wrap=True)
    handler = None
    if verbose:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    display = ProgressDisplay(console, seconds)
    searched = replace(options, max_seconds=(1 - CERTIFYING) * seconds)
    with recorded_log(handler) as log:
        if quiet or verbose:
            discovery = search(dataset, searched)
        else:
            with display.running():
                discovery = search(dataset, searched, progress=display)
        again = {"seeds": agreement, "seconds": agreement * seconds, "seconds_each": seconds} if agreement else {}
        try:
            # Other seeds must find it on their own.
            certificate = certify(discovery, options=replace(searched, guesses=()), **again)
        except KeyboardInterrupt:
            # The formula stands; it has no certificate.
            certificate = None
    command = shlex.join(["kansym", *command_line])
    table = {
        "file": file,
        "target": target,
        "error": error,
        "x_error": x_error,
        "units": None if units is None else str(units),
        "columns": columns,
        "drop_missing": drop_missing,
        "key": key,
        "primitives": primitives,
        "without": without,
    }
    summary = RunSummary.of(discovery, command=command, options=options, certificate=certificate, table=table)
    if as_json:
        record = {"text": str(summary.formula), "latex": summary.formula.latex(with_target=True), **summary.to_dict()}
        write_line(json.dumps(record, ensure_ascii=False, allow_nan=False))
    else:
        write_line(text_report(summary, full=False).rstrip("\n"))
    if out is not None:
        path = save_run(
            discovery,
            out,
            command=command,
            options=options,
            log_lines=log,
            certificate=certificate,
            table=table,
            # Checked before the search.
            overwrite=True,
        )
        write_page(path)
        console.print(saved_line(path), markup=False, highlight=False, soft_wrap=True)
    return 0


def _check_guesses(guesses: Sequence[str], dataset: "Dataset") -> None:
    """Refuse what is no formula of the table, before time is spent."""
    from kansym.search.prior.guess import Guess

    for text in guesses:
        Guess.read(text, dataset.names, dataset.target, dataset.dropped)
