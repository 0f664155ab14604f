r"""Ten models trained by pykan, read as formulas by pykan's `auto_symbolic` and by kansym.

::

    python -m benchmarks.pykan_formulas          # needs pykan 0.2.8, PyYAML and tqdm: pip install 'kansym[pykan]'
    python -m benchmarks.pykan_formulas --only hello

Each model is trained by pykan in its documented way, in double precision: with sparsity, pruned, and again without.
Both tools read the same model: pykan by `auto_symbolic` with its whole library, a fit of the constants and
`symbolic_formula`, kansym by `import_pykan`, `prune` and `symbolify` on the same rows. Errors are those of the formulas
as they are, on rows that neither has seen, in units of the spread there; nodes are counted by kansym in the simplified
formula, for both; seconds are of one thread, from the trained model to the formula.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from sympy import symbols
from torch import Tensor

from benchmarks.judged import Judgement, judge
from benchmarks.pykan_import import CASES, ROWS, Case, quiet
from benchmarks.table import keep
from kansym import KAN
from kansym.errors import KansymError
from kansym.kan.pykan import import_pykan
from kansym.optional import optional_module

STEPS, LAMB = 20, 1e-3

NEARER = 3.0
"""Factor between errors from which one formula is nearer than the other, where either is above `EXACT`."""

EXACT = 1e-6
"""Error up to which a formula is the law."""


def _of(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def _column(k: int) -> Callable[[Tensor], Tensor]:
    return lambda x: x[:, k : k + 1]


X, Y, Z = map(_column, range(3))

LAWS = (
    ("exp(sin(pi*x) + y**2)", Case("hello", [2, 5, 1], _of("two layers").target, {"grid": 3})),
    ("x*y + cos(z)", Case("product and cosine", [3, [2, 2], 1], _of("products of two").target, {"grid": 3})),
    ("x*y", Case("product", [2, [2, 1], 1], lambda x: X(x) * Y(x), {"grid": 3})),
    ("sin(2*x) + y**2", Case("sum", [2, 1], lambda x: torch.sin(2 * X(x)) + Y(x) ** 2)),
    ("exp(x) + y**3 + abs(z)", Case("three terms", [3, 1], lambda x: torch.exp(X(x)) + Y(x) ** 3 + Z(x).abs())),
    ("1/(1 + x**2 + y**2)", Case("resonance", [2, 1, 1], lambda x: 1 / (1 + X(x) ** 2 + Y(x) ** 2))),
    ("sqrt(x**2 + y**2 + 1)", Case("hyperbola", [2, 1, 1], lambda x: torch.sqrt(X(x) ** 2 + Y(x) ** 2 + 1))),
    ("tanh(x + 2*y)", Case("step", [2, 1, 1], lambda x: torch.tanh(X(x) + 2 * Y(x)))),
    ("sin(pi*x*y)", Case("sine of a product", [2, [0, 1], 1], lambda x: torch.sin(torch.pi * X(x) * Y(x)))),
    ("log(2 + x + y**2)", Case("logarithm", [2, 1, 1], lambda x: torch.log(2 + X(x) + Y(x) ** 2))),
)


@dataclass(frozen=True)
class Reading:
    """The formula of one tool, and the seconds that it took."""

    formula: Judgement
    seconds: float


@contextmanager
def _double() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _rows(case: Case, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(ROWS, case.width[0], generator=generator, dtype=torch.float64) * 2 - 1
    return x, case.target(x)


def trained(case: Case, kan: Any, data: dict[str, Tensor], folder: Path) -> Any:
    """A model of pykan after sparse training, pruning and training."""
    width = [list(entry) if isinstance(entry, list) else entry for entry in case.width]
    model = kan.KAN(width=width, seed=0, ckpt_path=str(folder), **{"grid": 5, **case.options})
    model.fit(data, opt="LBFGS", steps=STEPS, lamb=LAMB)
    model = model.prune()
    model.fit(data, opt="LBFGS", steps=STEPS)
    return model


def by_pykan(model: Any, data: dict[str, Tensor], names: Sequence[str]) -> str | None:
    """The model's own formula; the model is changed."""
    try:
        model.auto_symbolic()
        model.fit(data, opt="LBFGS", steps=STEPS)
        return str(model.symbolic_formula(var=list(symbols(" ".join(names))))[0][0])
    except Exception as error:  # pykan raises whatever comes up, as where a fit has ended in nan
        print(f"pykan: {type(error).__name__}: {error}", file=sys.stderr)
        return None


def by_kansym(model: Any, data: dict[str, Tensor], names: Sequence[str]) -> str | None:
    """The formula of the imported model."""
    try:
        net = KAN.of(import_pykan(model), names=names)
        net.fit(data["train_input"], data["train_label"], steps=0)
        net.prune()
        return net.symbolify().text(None)
    except KansymError as error:
        print(f"kansym: {error}", file=sys.stderr)
        return None


def read(case: Case, kan: Any, folder: Path) -> dict[str, Reading]:
    """What both tools read from one model."""
    (x, y), fresh = _rows(case, 0), _rows(case, 1)
    data = {"train_input": x, "train_label": y, "test_input": fresh[0], "test_label": fresh[1]}
    names = tuple("xyz"[: case.width[0]])
    found: dict[str, Reading] = {}
    with quiet(), _double():
        model = trained(case, kan, data, folder)
    # kansym's first: pykan changes the model.
    for tool, reader in (("kansym", by_kansym), ("pykan", by_pykan)):
        begin = time.perf_counter()
        if tool == "kansym":
            text = reader(model, data, names)
        else:
            with quiet(), _double():
                text = reader(model, data, names)
        seconds = time.perf_counter() - begin
        training, held_out = ((a.numpy(), b[:, 0].numpy()) for a, b in ((x, y), fresh))
        found[tool] = Reading(judge(text, names, training, held_out), seconds)
    return found


def headlines(readings: Sequence[dict[str, Reading]]) -> dict[str, str]:
    """Who is nearer, shorter and faster, in the words of the page."""
    pairs = [(one["kansym"], one["pykan"]) for one in readings]
    of = f"of {len(pairs)}"

    def counted(better: Callable[[Reading, Reading], bool]) -> str:
        return f"kansym {sum(better(a, b) for a, b in pairs)}, pykan {sum(better(b, a) for a, b in pairs)} {of}"

    return {
        f"the law, to {EXACT:g}": counted(lambda a, _: a.formula.error <= EXACT),
        "nearer": counted(lambda a, b: a.formula.error * NEARER < b.formula.error and b.formula.error > EXACT),
        "shorter": counted(lambda a, b: _nodes(a) < _nodes(b)),
        "faster": counted(lambda a, b: a.seconds < b.seconds),
        "seconds in all": ", ".join(
            f"{tool} {sum(one[tool].seconds for one in readings):.0f}" for tool in ("kansym", "pykan")
        ),
    }


def _nodes(one: Reading) -> float:
    return float("inf") if one.formula.nodes is None else one.formula.nodes


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="part of the names of the models to run")
    parser.add_argument("--keep", action="store_true", help="keep the figures in benchmarks/results")
    arguments = parser.parse_args()
    try:
        kan = optional_module("kan", feature="This benchmark", extra="pykan")
    except KansymError as error:
        print(error, file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    readings = []
    for law, case in LAWS:
        if arguments.only not in case.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = read(case, kan, Path(folder))
        readings.append(found)
        print(f"\n{case.name}: {law}")
        for tool, one in found.items():
            nodes = "-" if one.formula.nodes is None else one.formula.nodes
            formula = one.formula.text or "no formula"
            print(f"{tool:7} {one.formula.error:8.1e} {nodes:>4} nodes {one.seconds:6.1f} s  {formula}", flush=True)
    figures = headlines(readings)
    print()
    for name, figure in figures.items():
        print(f"{name}: {figure}")
    if arguments.keep:
        keep("pykan_formulas", "Formulas of pykan's models", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
