r"""Ten models trained by pykan, imported: how far the outputs are from pykan's own.

::

    python -m benchmarks.pykan_import           # needs pykan 0.2.8, PyYAML and tqdm: pip install 'kansym[pykan]'
    python -m benchmarks.pykan_import --steps 5

The models differ in depth, order, grid, base function, arity, masks and functions on edges. Each is imported from
memory and from its checkpoint. Rows are those of training and as many over twice their range, where splines of pykan
have ended. pykan computes in single precision; "double" compares with the same model in double precision.
"""

import argparse
import contextlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from kansym.errors import KansymError
from kansym.kan.network import Network
from kansym.kan.pykan import import_pykan
from kansym.optional import optional_module

ROWS = 500
TOLERANCE = 1e-6
"""Worst difference in units of the largest output, in double precision, above which the benchmark fails."""


@dataclass(frozen=True)
class Case:
    """A model of pykan: its width, what else it is made with, the target, and what is done once it is trained."""

    name: str
    width: list[Any]
    target: Callable[[Tensor], Tensor]
    options: dict[str, Any] = field(default_factory=dict)
    change: Callable[[Any, dict[str, Tensor], int], Any] | None = None


def _wave(x: Tensor) -> Tensor:
    return torch.exp(torch.sin(torch.pi * x[:, :1]) + x[:, 1:2] ** 2)


def _product(x: Tensor) -> Tensor:
    return x[:, :1] * x[:, 1:2] + torch.cos(x[:, -1:])


def _fixed(model: Any, data: dict[str, Tensor], steps: int) -> Any:
    """Functions on three edges, one of them beside its spline, and some more training."""
    model.fix_symbolic(0, 0, 0, "sin", verbose=False, log_history=False)
    model.fix_symbolic(0, 1, 0, "x^2", verbose=False, log_history=False)
    model.fix_symbolic(1, 0, 0, "exp", verbose=False, log_history=False)
    model.set_mode(0, 1, 0, "ns")
    # L-BFGS of pykan ends in nan here when it is given more than a few steps.
    model.fit(data, opt="Adam", lr=1e-3, steps=steps, update_grid=False)
    return model


def _refined(model: Any, data: dict[str, Tensor], steps: int) -> Any:
    model = model.refine(9)
    model.fit(data, opt="LBFGS", steps=steps)
    return model.prune()


CASES = (
    Case("two layers", [2, 5, 1], _wave),
    Case("four layers, several outputs", [3, 3, 2, 2], lambda x: torch.cat([_wave(x), _product(x)], 1)),
    Case("order 1", [2, 3, 1], _wave, {"k": 1, "grid": 8}),
    Case("order 5", [2, 3, 1], _wave, {"k": 5, "grid": 4}),
    Case("products of two", [3, [2, 2], 1], _product, {"k": 2}),
    Case("products of two and three", [3, [1, 2], [1, 1], 1], _product, {"mult_arity": [[], [2, 3], [2], []]}),
    Case(
        "scales and biases, identity base", [3, [1, 1], 1], _product, {"affine_trainable": True, "base_fun": "identity"}
    ),
    Case("sparse, no base", [4, 6, 1], _wave, {"sparse_init": True, "base_fun": "zero"}),
    Case("functions on edges", [2, 3, 1], _wave, {"grid": 4}, _fixed),
    Case("refined and pruned", [2, 4, 1], _wave, {"grid": 3}, _refined),
)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What pykan prints goes nowhere."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _trained(case: Case, kan: Any, steps: int, folder: Path) -> tuple[Any, Tensor]:
    """A model of pykan after its training, and the rows."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(ROWS, case.width[0], generator=generator) * 2 - 1
    y = case.target(x)
    data = {"train_input": x, "train_label": y, "test_input": x, "test_label": y}
    # pykan changes the list it is given.
    width = [list(entry) if isinstance(entry, list) else entry for entry in case.width]
    model = kan.KAN(width=width, seed=0, auto_save=False, ckpt_path=str(folder), **{"grid": 5, **case.options})
    model.fit(data, opt="LBFGS", steps=steps)
    if case.change is not None:
        model(x)
        model = case.change(model, data, steps)
    return model, torch.cat([x, 4 * torch.rand(x.shape, generator=generator) - 2])


def _difference(network: Network, expected: Tensor, x: Tensor) -> float:
    """Worst difference in units of the largest output."""
    expected = expected.detach().double()
    return float((network(x.double())[0] - expected).abs().max() / expected.abs().max())


def compare(case: Case, kan: Any, steps: int, folder: Path) -> tuple[Network, float, float]:
    """The imported network, and the worst differences in pykan's precision and in double precision."""
    with quiet():
        model, x = _trained(case, kan, steps, folder)
        model.saveckpt(str(folder / "model"))
        single = model(x)
    network = import_pykan(model)
    stored = import_pykan(folder / "model")
    if not torch.equal(stored(x.double()), network(x.double())):
        raise KansymError(f"the checkpoint of {case.name!r} gives another network than the model")
    with quiet():
        double = model.double()(x.double())
    return network, _difference(network, single, x), _difference(network, double, x)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=20, help="L-BFGS steps of pykan's training, of each model")
    parser.add_argument("--only", default="", help="part of the names of the models to run")
    arguments = parser.parse_args()
    try:
        kan = optional_module("kan", feature="This benchmark", extra="pykan")
    except KansymError as error:
        print(error, file=sys.stderr)
        return 2
    worst = 0.0
    print(f"{'model':34} {'imported shape':28} {'single':>9} {'double':>9}")
    for case in CASES:
        if arguments.only not in case.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            network, single, double = compare(case, kan, arguments.steps, Path(folder))
        worst = max(worst, double)
        print(f"{case.name:34} {network.shape!s:28} {single:9.1e} {double:9.1e}", flush=True)
    print(f"worst difference of outputs, in units of the largest: {worst:.1e}")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
