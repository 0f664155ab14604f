"""pykan, by the workflow of its authors.

That is ``hellokan.ipynb`` of its repository: train a [d, 5, 1] network with a sparsity penalty, prune, train, refine
the grid, train, make every edge symbolic, train, and read the formula. ``docs/peers.md`` has the settings and sources.
"""

import contextlib
import copy
import importlib
import importlib.metadata
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from sympy.printing.str import StrPrinter

from kansym.comparison.request import Answer, PeerError, PeerFormula, Progress, Request
from kansym.data.scaling import Scaling
from kansym.errors import MissingDependencyError

LIBRARY: dict[str, str] = {
    "x": "x",
    "x^2": "x^2",
    "x^3": "x^3",
    "x^4": "x^4",
    "x^5": "x^5",
    "x^-1": "1/x",
    "x^-2": "1/x^2",
    "x^-3": "1/x^3",
    "x^-4": "1/x^4",
    "x^-5": "1/x^5",
    "x^1.5": "x^1.5",
    "sqrt": "sqrt",
    "1/sqrt": "1/sqrt(x)",
    "abs": "abs",
    "sign": "sgn",
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "tanh": "tanh",
    "logistic": "tanh",
    "fermi": "tanh",
    "atanh": "arctanh",
    "gaussian": "gaussian",
}
"""Entries of pykan's library that give a primitive, but for scales and shifts; it has no counterpart of others."""

ALWAYS = ("x",)
"""Entries that every edge may be. Not "0", which is not in its authors' example either: being the simplest, it wins
against all but the closest fits. Edges that were pruned become zero in any case."""

HIDDEN, GRID, ORDER, FINER_GRID, PENALTY = 5, 3, 3, 10, 0.001

SHARES = {"sparse": 0.2, "pruned": 0.3, "refined": 0.4, "matched": 0.85, "symbolic": 0.95}
"""Parts of the time by which stages end; what one does not need, the next ones have."""

MOST_TRAINED = 6000
"""Rows that networks see, drawn by the seed, as many as kansym's own: with more, a step of training takes seconds."""

MOST_MATCHED, FEWEST_MATCHED = 1000, 10
"""Rows that edges are matched on. pykan tries 101 x 101 scales and shifts on every row at once: 80 kB each, in double
precision, and half a millisecond per function and edge. Its own examples have 1000."""

TIMED = 30
"""Rows of the match that is timed."""

REPORT_EVERY = 1.0
"""Seconds between lines of progress."""

# -- training ----------------------------------------------------------------------------------------------------------

STEPS = 50
"""Of L-BFGS per training, as in pykan's ``hellokan.ipynb``."""


class _TimeUpError(Exception):
    """Ends pykan's ``fit`` from inside: it knows no other way."""


class _NoValueError(Exception):
    """Ends it where the network has no finite value on a row."""


class Trainer:
    """Fits networks to one table.

    Parameters
    ----------
    x, y : Tensor, shapes (n, d) and (n, 1)
    weights : Tensor, shape (n, 1), or None
        Of mean 1.
    report : callable
        Called after every step with a stage, the step and the root of the loss.

    Attributes
    ----------
    failures : int
        Trainings that broke down and were begun again from their last state that had a value.
    """

    def __init__(
        self,
        x: torch.Tensor,
        y: torch.Tensor,
        weights: torch.Tensor | None,
        report: Callable[[str, int, float], None],
    ) -> None:
        # Labels carry the weights: pykan shuffles rows, and hands labels to the loss only.
        label = torch.cat([y, torch.ones_like(y) if weights is None else weights], dim=1)
        self.x, self.label, self.report, self.failures = x, label, report, 0
        # pykan chooses nothing by its test set, and matches edges on its rows.
        self._data = {"train_input": x, "train_label": label, "test_input": x, "test_label": label}

    def loss(self, model: Any) -> float:
        """Weighted mean square residual of a network; NaN where it has no value on a row."""
        with torch.no_grad():
            return float(_mean_square(model(self.x), self.label))

    def fit(
        self,
        model: Any,
        stage: str,
        until: float,
        *,
        lamb: float = 0.0,
        singularity_avoiding: bool = False,
    ) -> float:
        """Train a network in place for at most `STEPS` steps.

        It is left in the best state that was seen; with a penalty (`lamb`) in the last one that had a value. Where
        training breaks down (NaN, or a least-squares fit of the grid update that fails), it goes on from there, once,
        without grid updates.

        Parameters
        ----------
        model : KAN
        stage : str
            For the report.
        until : float
            On the clock of `time.monotonic`.
        lamb : float, optional
            Strength of pykan's sparsity penalty.
        singularity_avoiding : bool, optional
            pykan's own remedy where symbolic functions have no value on some rows.

        Returns
        -------
        float
            The loss of that state; NaN or inf if it never had a value.
        """
        best, state = self.loss(model), copy.deepcopy(model.state_dict())
        step = 0

        def after_step(recent: float) -> None:
            nonlocal best, state, step
            step += 1
            if math.isfinite(recent):
                if lamb > 0 or not math.isfinite(best) or recent < best:
                    best, state = recent, copy.deepcopy(model.state_dict())
                self.report(stage, step, math.sqrt(recent))
            elif not singularity_avoiding:
                raise _NoValueError

        for update_grid in (True, False):
            whole = self._run(
                model,
                until,
                after_step,
                steps=STEPS - step,
                lamb=lamb,
                update_grid=update_grid,
                singularity_avoiding=singularity_avoiding,
            )
            model.load_state_dict(state)
            if whole or step >= STEPS:
                break
            self.failures += 1
        return best

    def _run(self, model: Any, until: float, after_step: Callable[[float], None], **options: Any) -> bool:
        """One ``fit`` of pykan's; whether it came to its end, or to that of the time, and did not break down."""
        symbolic, recent = model.symbolic_enabled, math.nan

        def loss_fn(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
            nonlocal recent
            if time.monotonic() > until:
                raise _TimeUpError
            value = _mean_square(prediction, label)
            recent = float(value.detach())
            return value

        def metric() -> torch.Tensor:
            # The last loss that was asked for is that on the "test" rows, after the step.
            after_step(recent)
            return torch.zeros(())

        try:
            model.fit(self._data, opt="LBFGS", loss_fn=loss_fn, metrics=(metric,), log=STEPS + 1, **options)
        except _TimeUpError:
            return True
        except Exception:
            # Whatever comes of NaN in pykan: its own UnboundLocalError after "lstsq failed", LAPACK's errors.
            return False
        finally:
            # What `fit` puts back at its end.
            model.symbolic_enabled, model.save_act = symbolic, True
        return True


def _mean_square(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    return (label[:, 1:] * (prediction - label[:, :1]).square()).mean()


# -- the search --------------------------------------------------------------------------------------------------------


def prepare(progress: Progress | None = None) -> None:
    """Import pykan.

    Raises
    ------
    MissingDependencyError
        If it, or a package that it does not ask for itself, is not installed.
    """
    try:
        importlib.import_module("kan")
    except ImportError as error:
        raise MissingDependencyError(
            f"pykan as a peer needs the package {error.name!r}, which is not installed: pip install 'kansym[pykan]'"
        ) from error
    torch.set_num_threads(1)
    # As its authors do. pykan takes no type for its networks; this process is its own.
    torch.set_default_dtype(torch.float64)


def search(request: Request, progress: Progress) -> Answer:
    """Run pykan on a table.

    Returns
    -------
    Answer
        One formula; its loss is the weighted mean square residual.

    Raises
    ------
    PeerError
        If pykan fails on the way, or its formula has no value on all rows.
    """
    start = time.perf_counter()
    with contextlib.chdir(request.folder):
        # It writes its networks into ./model after every step of the workflow.
        text, loss, remarks = _workflow(request, progress)
    missing = [name for name in request.functions if name not in LIBRARY]
    if missing:
        remarks.append(f"has no counterpart of {len(missing)} of {len(request.functions)} functions")
    return Answer(
        formulas=(PeerFormula(text, None, loss),),
        pick=0,
        seconds=time.perf_counter() - start,
        remark="; ".join(remarks),
        version=importlib.metadata.version("pykan"),
    )


def library_of(functions: Sequence[str]) -> list[str]:
    """Entries of pykan's library for primitives of kansym; primitives that it lacks are left out."""
    return list(dict.fromkeys((*ALWAYS, *(LIBRARY[name] for name in functions if name in LIBRARY))))


def _workflow(request: Request, progress: Progress) -> tuple[str, float, list[str]]:
    began = time.monotonic()
    until = {stage: began + share * request.seconds for stage, share in SHARES.items()}
    # Inputs in [-1, 1] and outputs of size 1, as in its examples; the formula gets the scales back. Outputs keep their
    # zero: without it, exp(u) is a sum, and half of the networks keep needless nodes.
    scaling = Scaling.fit(request.X, request.y, center_target=False)
    x = torch.from_numpy(scaling.scale_inputs(request.X))
    y = torch.from_numpy((request.y - scaling.y_center) / scaling.y_scale)[:, None]
    weights = None if request.weights is None else torch.from_numpy(request.weights)[:, None]
    told = began

    def report(stage: str, step: int, error: float) -> None:
        nonlocal told
        if time.monotonic() - told >= REPORT_EVERY:
            told = time.monotonic()
            progress(f"{stage}, step {step}: error {error * scaling.y_scale:.3g}")

    whole = Trainer(x, y, weights, report)
    remarks: list[str] = []
    trainer = whole
    if len(x) > MOST_TRAINED:
        drawn = torch.from_numpy(np.random.default_rng(request.seed).permutation(len(x))[:MOST_TRAINED])
        x = x[drawn]
        trainer = Trainer(x, y[drawn], None if weights is None else weights[drawn], report)
        remarks.append(f"trained on {MOST_TRAINED} of {len(request.y)} rows")
    # pykan changes the list that it is given.
    kan = importlib.import_module("kan")
    model = kan.KAN(width=[x.shape[1], HIDDEN, 1], grid=GRID, k=ORDER, seed=request.seed % 2**32)
    trainer.fit(model, "sparse network", until["sparse"], lamb=PENALTY)
    model = _pruned(model, trainer, remarks)
    trainer.fit(model, "pruned network", until["pruned"])
    model = _attempt("refining the grid", lambda: model.refine(FINER_GRID))
    loss = trainer.fit(model, "refined network", until["refined"])
    if not math.isfinite(loss):
        raise PeerError("its network has no finite value on all rows")
    library = library_of(request.functions)
    rows = _rows_to_match(model, x, len(library), until["matched"] - time.monotonic(), request.seed)
    progress(f"making edges symbolic, on {len(rows)} rows")
    with torch.no_grad():
        model(x[rows])
    _attempt("auto_symbolic", lambda: model.auto_symbolic(lib=library))
    # Edges are matched one by one: behind the first layer, arguments may have left a function's domain.
    avoid = not math.isfinite(trainer.loss(model))
    trainer.fit(model, "symbolic network", until["symbolic"], singularity_avoiding=avoid)
    loss = whole.loss(model)
    text = formula_text(model, request.names, scaling)
    if not math.isfinite(loss):
        raise PeerError(f"its symbolic network has no finite value on all rows: {text[:200]}")
    if trainer.failures:
        remarks.append(f"training broke down {trainer.failures} times and was begun again")
    return text, loss * scaling.y_scale**2, remarks


def formula_text(model: Any, names: Sequence[str], scaling: Scaling) -> str:
    """pykan's formula of a symbolic network, in the user's columns, with all digits.

    Raises
    ------
    PeerError
        If pykan has none.
    """
    found = _attempt(
        "symbolic_formula",
        lambda: model.symbolic_formula(
            var=list(names),
            normalizer=[scaling.center.tolist(), scaling.half_width.tolist()],
            output_normalizer=[[scaling.y_center], [scaling.y_scale]],
        ),
    )
    if found is None:
        raise PeerError("symbolic_formula: an edge is not symbolic")
    return _AllDigits().doprint(found[0][0])


class _AllDigits(StrPrinter):
    def _print_Float(self, expr: Any) -> str:
        return repr(float(expr))


def _attempt(what: str, action: Any) -> Any:
    """The result of a step of pykan's, any of which may fail in any way."""
    try:
        return action()
    except Exception as error:
        raise PeerError(f"{what} failed: {type(error).__name__}: {' '.join(str(error).split())[:200]}") from error


def _pruned(model: Any, trainer: Trainer, remarks: list[str]) -> Any:
    """The pruned network; the network as it was where pruning leaves nothing of it."""
    before = copy.deepcopy(model.state_dict())
    with torch.no_grad():
        model(trainer.x)
    try:
        pruned = model.prune()
        if pruned.width[1][0] > 0 and math.isfinite(trainer.loss(pruned)):
            return pruned
    except Exception as error:
        remarks.append(f"prune failed: {type(error).__name__}")
    else:
        remarks.append("prune left nothing and was undone")
    model.load_state_dict(before)
    return model


def _rows_to_match(model: Any, x: torch.Tensor, functions: int, seconds: float, seed: int) -> torch.Tensor:
    """Rows for `auto_symbolic`: as many as there is time for, with the least and largest input of every edge."""
    fit_params = importlib.import_module("kan.utils").fit_params
    with torch.no_grad():
        model(x)
        sample = torch.linspace(-1, 1, TIMED)
        fit_params(sample, sample.exp(), torch.exp, verbose=False)
        # The first one allocates.
        began = time.monotonic()
        fit_params(sample, sample.exp(), torch.exp, verbose=False)
        per_row = (time.monotonic() - began) / TIMED
        edges = sum(int((layer.mask != 0).sum()) for layer in model.act_fun)
        affordable = seconds / (per_row * (functions + 1) * max(edges, 1))
        count = int(min(max(affordable, FEWEST_MATCHED), MOST_MATCHED, len(x)))
        inputs = torch.cat(model.acts[:-1], dim=1)
        extremes = torch.cat([inputs.argmin(dim=0), inputs.argmax(dim=0)]).unique()
    drawn = torch.from_numpy(np.random.default_rng(seed).permutation(len(x)))
    return torch.cat([extremes, drawn[~torch.isin(drawn, extremes)]])[:count]
