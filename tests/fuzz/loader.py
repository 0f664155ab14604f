"""Coverage-guided fuzzing of the readers of tables and formulas: nothing but a `KansymError` may come out.

::

    pip install 'kansym[fuzz]'
    python -m tests.fuzz.loader --seconds 120
    python -m tests.fuzz.loader --replay FILE    # one input again, such as the crash that was found

The first byte of an input says what it is: the suffix of a file whose contents are the rest, or a formula. Inputs are
mutated from small tables of every kind, and those that reach new code are kept.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kansym.data.limits import MOST_VALUES
from kansym.data.readers import column_names, read_table
from kansym.errors import KansymError
from kansym.optional import optional_module
from kansym.symbolic.parser import free_names, parse_expression

SUFFIXES = ("csv", "tsv", "txt", "npy", "npz", "parquet", "h5")
FORMULA = len(SUFFIXES)
"""The first byte, modulo one more than this, is the place in `SUFFIXES`, or this for a formula."""

SLOWEST = 10
"""Seconds after which an input counts as a hang."""

LIMIT = 2048
"""MB of memory of the fuzzing process."""


def try_input(data: bytes, folder: Path) -> None:
    """Read what the bytes stand for; errors that are not kansym's, and warnings, come out.

    Parameters
    ----------
    data : bytes
    folder : Path
        Of the file that is written; best in memory.
    """
    if not data:
        return
    kind = data[0] % (FORMULA + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if kind == FORMULA:
            _try_formula(data[1:].decode("utf-8", "surrogateescape"))
        else:
            _try_table(data[1:], folder / f"table.{SUFFIXES[kind]}")


def _try_formula(text: str) -> None:
    try:
        parse_expression(text, ["x", "y", *free_names(text, ["x", "y"])])
    except KansymError as error:
        _check_message(error)


def _try_table(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    try:
        names = column_names(path)
    except KansymError as error:
        _check_message(error)
        return
    for target in names[-1:]:
        try:
            dataset = read_table(path, target=target, drop_missing=True)
        except KansymError as error:
            _check_message(error)
            continue
        if not np.isfinite(dataset.X).all() or dataset.X.size > MOST_VALUES:
            raise AssertionError(f"a dataset of shape {dataset.X.shape} that is not finite or too large")


def _check_message(error: KansymError) -> None:
    if len(str(error)) > 2000:
        raise AssertionError(f"a message of {len(str(error))} characters: {str(error)[:300]}")


def seeds() -> list[bytes]:
    """Small inputs of every kind."""
    table = np.array([[1.0, 2.0], [2.0, 4.5], [3.0, 9.0], [4.0, 16.25]])
    text = "t [s],y\n1,2\n2,4.5\n3,9\n4,1.6D+01\n"
    found = [bytes([0]) + text.encode(), bytes([0]) + b"\xef\xbb\xbf" + text.replace(",", ";").encode()]
    found += [bytes([1]) + text.replace(",", "\t").encode(), bytes([2]) + b'# t y\n1,5 2\n3,5 4\n\n5 "6"\n']
    found += [bytes([0]) + text.encode("utf-16"), bytes([0]) + "größe;y\r\n1,5;2\r\nnan;inf\r\n".encode("latin-1")]
    for number, write in ((3, np.save), (4, lambda stream, array: np.savez(stream, t=array[:, 0], y=array[:, 1]))):
        stream = io.BytesIO()
        write(stream, table)
        found.append(bytes([number]) + stream.getvalue())
    stream = io.BytesIO()
    np.savez_compressed(stream, table=table)
    found.append(bytes([4]) + stream.getvalue())
    parquet = optional_module("pyarrow.parquet", feature="Fuzzing Parquet files", extra="io")
    arrow = optional_module("pyarrow", feature="Fuzzing Parquet files", extra="io")
    stream = io.BytesIO()
    parquet.write_table(arrow.table({"t": table[:, 0], "y": table[:, 1], "who": list("abcd")}), stream)
    found.append(bytes([5]) + stream.getvalue())
    h5py = optional_module("h5py", feature="Fuzzing HDF5 files", extra="io")
    for names in (["table"], ["t", "y"]):
        stream = io.BytesIO()
        with h5py.File(stream, "w") as file:
            for k, name in enumerate(names):
                file[name] = table[:, k] if len(names) > 1 else table
        found.append(bytes([6]) + stream.getvalue())
    for formula in ("A*exp(-x/tau) + B", "2**3**x", "besselj(0, 1.5)*`x`", "1e9**1e9", "-(x+1)^2/(3*y)", "gamma(5/2)"):
        found.append(bytes([FORMULA]) + formula.encode())
    return found


def _fuzz(seconds: int, corpus: Path, crashes: Path) -> None:
    """Runs in a process of its own: the engine ends it."""
    atheris = optional_module("atheris", feature="Coverage-guided fuzzing", extra="fuzz")
    for name in sorted(module for module in sys.modules if module.startswith(("kansym.data", "kansym.symbolic"))):
        for value in vars(sys.modules[name]).values():
            if getattr(value, "__module__", None) == name and hasattr(value, "__code__"):
                atheris.instrument_func(value)
    folder = corpus.parent
    arguments = [
        sys.argv[0],
        str(corpus),
        f"-max_total_time={seconds}",
        f"-timeout={SLOWEST}",
        f"-rss_limit_mb={LIMIT}",
        f"-artifact_prefix={crashes}/",
        "-max_len=20000",
        "-print_final_stats=1",
    ]
    atheris.Setup(arguments, lambda data: try_input(data, folder))
    atheris.Fuzz()


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz for some time; returns 1 if something else than a `KansymError` came out."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.loader", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=int, default=120, help="how long (default 120)")
    parser.add_argument("--out", type=Path, default=Path("fuzz-crashes"), help="folder for inputs that fail")
    parser.add_argument("--replay", type=Path, help="try this input again, and do nothing else")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.corpus is not None:
        _fuzz(options.seconds, options.corpus, options.out)
        return 0
    # In memory where there is such a place: files are written some hundred times a second.
    memory = Path("/dev/shm")
    place = str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kansym-fuzz-", dir=place) as name:
        folder = Path(name)
        if options.replay is not None:
            try_input(options.replay.read_bytes(), folder)
            return 0
        try:
            optional_module("atheris", feature="Coverage-guided fuzzing", extra="fuzz")
        except KansymError as error:
            parser.exit(2, f"{parser.prog}: {error}\n")
        options.out.mkdir(parents=True, exist_ok=True)
        before = set(options.out.iterdir())
        corpus = folder / "corpus"
        corpus.mkdir()
        for k, data in enumerate(seeds()):
            (corpus / f"seed{k}").write_bytes(data)
        began = time.monotonic()
        # A crash ends the engine; what it found is kept, and the rest of the time goes on with the same corpus.
        while (left := round(options.seconds - (time.monotonic() - began))) > 0:
            command = [sys.executable, "-m", "tests.fuzz.loader", "--seconds", str(left)]
            ended = subprocess.run([*command, "--corpus", str(corpus), "--out", str(options.out)], check=False)
            if ended.returncode == 0:
                break
        kept = len(list(corpus.iterdir()))
        crashes = sorted(set(options.out.iterdir()) - before)
    sys.stdout.write(f"{len(crashes)} inputs failed, {kept} inputs reach different code\n")
    sys.stdout.write("".join(f"{path}\n" for path in crashes))
    return 1 if crashes else 0


if __name__ == "__main__":
    sys.exit(main())
