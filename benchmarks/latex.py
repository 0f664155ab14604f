r"""Whether 120 known laws in LaTeX compile, and whether their code in every language gives their values.

::

    python -m benchmarks.latex                     # the 120 Feynman laws
    python -m benchmarks.latex --out runs/latex    # keeps laws.tex and laws.pdf
    python -m benchmarks.latex --catalogues srsd --languages c,fortran

All laws stand in one document, which pdflatex has to compile without an error. Then every law is exported to every
language that can be run here, compiled with warnings as errors, run on rows within the law's ranges, and compared with
values of 50 digits.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.exported_code import PROGRAMS, Task, is_available, run
from benchmarks.table import keep
from kansym.bench.catalogue import load_catalogue
from kansym.bench.evaluation import precise_values
from kansym.export import to_code
from kansym.symbolic.complexity import complexity
from kansym.symbolic.formula import Formula
from kansym.symbolic.latex import name_to_latex
from kansym.symbolic.naming import plain_symbol

TOLERANCE = 1e-12
"""Relative difference from the values of 50 digits."""


@dataclass(frozen=True, eq=False)
class KnownLaw:
    """A law as if it had been found.

    Attributes
    ----------
    name, title : str
    formula : Formula
    X : array (n, d)
        All columns.
    exact : array (n,)
        Values computed with 50 digits.
    """

    name: str
    title: str
    formula: Formula
    X: np.ndarray
    exact: np.ndarray

    @property
    def arguments(self) -> np.ndarray:
        """The columns that occur, which are the arguments of exported code."""
        used = {str(symbol) for symbol in self.formula.expression.free_symbols}
        return self.X[:, [k for k, name in enumerate(self.formula.variables) if name in used]]


def known_laws(catalogues: Iterable[str], rows: int, seed: int = 0) -> list[KnownLaw]:
    """All laws of some catalogues.

    Parameters
    ----------
    catalogues : iterable of str
    rows : int
        Rows within the ranges of each law.
    seed : int, default 0
    """
    laws = []
    for catalogue in catalogues:
        for law in load_catalogue(catalogue).laws:
            X, _ = law.sample(rows, seed)
            formula = Formula(law.expression, law.names, law.target, complexity(law.expression), 0.0, 0.0, 0.0)
            exact = precise_values(law.expression, [plain_symbol(name) for name in law.names], X)
            laws.append(KnownLaw(law.name, law.title, formula, X, exact))
    return laws


def laws_document(laws: Sequence[KnownLaw]) -> str:
    """One document with all laws, a display for each."""
    lines = [
        r"\documentclass{article}",
        r"\usepackage{amsmath}",
        r"\usepackage[margin=20mm]{geometry}",
        r"\usepackage{multicol}",
        r"\setlength{\parindent}{0pt}",
        r"\begin{document}",
        r"\begin{multicols}{2}",
    ]
    for law in laws:
        label = law.name.replace("_", r"\_")
        text = f"{name_to_latex(law.formula.target)} = {law.formula.latex()}"
        lines += [rf"\textsf{{\footnotesize {label}}}", rf"\[{text}\]"]
    return "\n".join([*lines, r"\end{multicols}", r"\end{document}", ""])


def compile_latex(text: str, folder: Path, name: str = "laws") -> tuple[int, list[str]]:
    """Pages of the document and what does not fit; raises with the log where pdflatex reports an error."""
    (folder / f"{name}.tex").write_text(text, encoding="utf-8")
    process = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=300,
    )
    log = process.stdout.decode("utf-8", errors="replace")
    if process.returncode:
        raise RuntimeError(f"pdflatex failed: {log[-3000:]}")
    pages = re.search(r"\((\d+) pages?", log)
    return int(pages.group(1)) if pages else 0, re.findall(r"(?:Overfull|Missing character)[^\n]*", log)


def relative_errors(laws: Sequence[KnownLaw], language: str) -> np.ndarray:
    """The largest relative difference of each law's code from its values; nan where a value is missing."""
    tasks = [
        Task(to_code(law.formula, language, name=f"law{k}"), f"law{k}", law.arguments) for k, law in enumerate(laws)
    ]
    with tempfile.TemporaryDirectory() as folder:
        results = run(language, tasks, Path(folder))
    worst = []
    for law, values in zip(laws, results, strict=True):
        worst.append(np.max(np.abs(values - law.exact) / np.maximum(np.abs(law.exact), np.finfo(float).tiny)))
    return np.array(worst)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its table; the exit code is 1 where something fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latex", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--catalogues", default="feynman,feynman_bonus")
    parser.add_argument("--languages", default=",".join(PROGRAMS), help="default: all that can be run here")
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for laws.tex and laws.pdf")
    parser.add_argument("--keep", action="store_true", help="keep the headline figures in benchmarks/results")
    options = parser.parse_args(arguments)
    laws = known_laws(options.catalogues.split(","), options.rows, options.seed)
    compiled = _document(laws, options.out)
    failed, worst = compiled is False, {}
    predicted = np.array([_error(law.formula.predict(law.X), law.exact) for law in laws])
    print(f"{'language':14}{'laws':>6}{'right':>7}{'worst':>10}  {'law':12}{'seconds':>8}", flush=True)
    _row("predict", predicted, laws, 0.0)
    for language in options.languages.split(","):
        if not is_available(language):
            print(f"{language:14}{PROGRAMS[language]} is not on this machine", flush=True)
            continue
        start = time.monotonic()
        errors = relative_errors(laws, language)
        _row(language, errors, laws, time.monotonic() - start)
        failed |= not bool((errors <= TOLERANCE).all())
        worst[language] = errors
    if options.keep:
        keep("latex", "LaTeX and code", headlines(len(laws), compiled, worst))
    return int(failed)


def headlines(count: int, compiled: bool | None, errors: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Laws that compile, laws that are right in each language that could be run, and the largest error."""
    figures = {} if compiled is None else {"laws whose LaTeX compiles": f"{count if compiled else 0} of {count}"}
    if errors:
        table = np.array(list(errors.values()))
        right = (table <= TOLERANCE).all(axis=0).sum()
        figures[f"laws right to {TOLERANCE:g} in each of {', '.join(errors)}"] = f"{right} of {count}"
        figures["worst relative error"] = f"{np.nanmax(table):.0e}"
    return figures


def _document(laws: Sequence[KnownLaw], out: Path | None) -> bool | None:
    """Whether the document of all laws compiles; None without pdflatex."""
    if shutil.which("pdflatex") is None:
        print("LaTeX: pdflatex is not on this machine", flush=True)
        return None
    with tempfile.TemporaryDirectory() as folder:
        try:
            pages, remarks = compile_latex(laws_document(laws), Path(folder))
        except RuntimeError as error:
            print(error)
            return False
        print(f"LaTeX: {len(laws)} laws compile, {pages} pages, {len(remarks)} do not fit into a column", flush=True)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            for name in ("laws.tex", "laws.pdf"):
                shutil.copy(Path(folder) / name, out / name)
    return True


def _error(values: np.ndarray, exact: np.ndarray) -> float:
    return float(np.max(np.abs(values - exact) / np.maximum(np.abs(exact), np.finfo(float).tiny)))


def _row(name: str, errors: np.ndarray, laws: Sequence[KnownLaw], seconds: float) -> None:
    worst = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
    right = int((errors <= TOLERANCE).sum())
    print(f"{name:14}{len(laws):6}{right:7}{errors[worst]:10.1e}  {laws[worst].name:12}{seconds:8.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
