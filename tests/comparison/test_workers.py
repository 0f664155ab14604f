"""Operon, gplearn and pykan, in the real process; skipped where a tool is missing."""

import importlib.util
import itertools
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.comparison.peers import peer_named
from kansym.comparison.process import PeerProcess
from kansym.comparison.request import Answer, PeerError, PeerFormula, Request, safe_names
from kansym.comparison.workers import gplearn, operon, pykan
from kansym.comparison.workers.pykan import Trainer
from kansym.data.scaling import Scaling
from kansym.errors import MissingDependencyError
from kansym.primitives.library import default_library
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression

ALL = tuple(default_library())

# What `PeerProcess` allows before it stops a peer is no measure: tools are to keep the time by themselves. Operon takes
# whole seconds, and the machine may be busy.
LATE = 2.0


def needs(package: str) -> Any:
    return pytest.mark.skipif(importlib.util.find_spec(package) is None, reason=f"{package} is not installed")


def request_for(folder: Path, X: np.ndarray, y: np.ndarray, **changes: Any) -> Request:
    fields = {
        "weights": None,
        "points": X,
        "units": (None,) * X.shape[1],
        "y_unit": None,
        "functions": ALL,
        "seconds": 2.0,
        "seed": 0,
        "folder": folder,
    }
    return Request(X=X, y=y, **{**fields, **changes})


def values(formula: PeerFormula, X: np.ndarray) -> np.ndarray:
    names = safe_names(X.shape[1])
    expression = parse_expression(formula.expression, names)
    return parametrize(expression, tuple(map(plain_symbol, names))).evaluate(X)


def run(name: str, request: Request) -> tuple[Answer, list[str]]:
    lines: list[str] = []
    with PeerProcess(peer_named(name)) as process:
        answer = process.ask(request, lines.append)
    return answer, lines


def table(rows: int = 60, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(seed).uniform(1, 3, (rows, 2))
    return X, X[:, 0] / X[:, 1] ** 2


# -- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("worker_map", [operon.SYMBOLS, gplearn.FUNCTIONS, pykan.LIBRARY])
def test_maps_speak_of_primitives_that_exist(worker_map: dict[str, Any]) -> None:
    assert set(worker_map) <= set(ALL)


def test_symbols_of_the_published_recovery_runs() -> None:
    functions = ("x^2", "x^p", "sqrt", "exp", "log", "sin", "cos", "tanh", "asin", "acos")
    symbols = "add,sub,mul,div,sin,cos,exp,log,sqrt,square,pow,tanh,asin,acos,constant,variable"
    assert set(operon.symbols_of(functions)) == set(symbols.split(","))


def test_only_what_is_asked_for() -> None:
    assert operon.symbols_of(("x", "J0")) == operon.ARITHMETIC
    assert gplearn.functions_of(("x", "J0", "sin")) == (*gplearn.ARITHMETIC, "sin")
    assert pykan.library_of(("exp", "J0", "tanh", "logistic")) == ["x", "exp", "tanh"]


@needs("pyoperon")
def test_symbols_are_operons() -> None:
    from pyoperon.sklearn import _KNOWN_SYMBOLS

    assert set(operon.symbols_of(ALL)) <= set(_KNOWN_SYMBOLS)


@needs("gplearn")
def test_functions_are_gplearns() -> None:
    from gplearn.functions import _function_map

    # exp is made by `make_function`, and called like no function of its own.
    assert set(gplearn.functions_of(ALL)) - {"exp"} <= set(_function_map)
    assert "exp" not in _function_map
    assert set(gplearn._TEXTS) == {*_function_map, "exp", "sig"}


@pytest.mark.parametrize(
    ("worker", "package"), [(operon, "pyoperon.sklearn"), (gplearn, "gplearn.genetic"), (pykan, "kan")]
)
def test_a_missing_tool_says_what_to_install(monkeypatch: pytest.MonkeyPatch, worker: Any, package: str) -> None:
    # None in `sys.modules` makes the import fail as it does without the package.
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'kansym\[") as caught:
        worker.prepare()
    assert "\n" not in str(caught.value)


# -- Operon --------------------------------------------------------------------------------------------------------


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
@settings(max_examples=200)
def test_short_numbers_lose_nothing_of_single_precision(number: float) -> None:
    size = abs(number)
    short = operon.short_numbers(f"(x0 * ({size:.{operon.DECIMALS}f}))")
    # The smallest of all, below 1e-38, have fewer digits even in single precision.
    expected = f"{size:.{operon.DECIMALS}f}"
    assert short == f"(x0 * ({float(expected)!r}))"
    assert np.float32(short[7:-2]) == np.float32(size)


def test_short_numbers_leave_names_and_whole_numbers() -> None:
    assert operon.short_numbers("x1 ^ 2 + x10.500000") == "x1 ^ 2 + x10.500000"
    assert operon.short_numbers("(-0.500000) * x1") == "(-0.5) * x1"


@pytest.fixture(scope="module")
def operon_answer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Answer, list[str]]:
    X, y = table()
    weights = np.ones(len(y))
    return run("operon", request_for(tmp_path_factory.mktemp("operon"), X, y, weights=weights, seconds=3.0))


@needs("pyoperon")
def test_operon_answers_with_its_front(operon_answer: tuple[Answer, list[str]]) -> None:
    answer, lines = operon_answer
    X, y = table()
    assert answer.pick is not None and answer.predictions is None and answer.version[0].isdigit()
    assert answer.seconds < 3 + LATE
    assert any("generation" in line for line in lines)
    lengths = [formula.complexity for formula in answer.formulas]
    assert lengths == sorted(lengths, key=lambda length: length or 0.0)
    for formula in answer.formulas:
        # Operon evaluates in single precision, and so do its losses. Formulas without a value are no test of it.
        found = float(np.mean((values(formula, X) - y) ** 2))
        if math.isfinite(found):
            assert formula.loss == pytest.approx(found, rel=1e-2, abs=1e-10 * float(np.var(y)))
    assert answer.formulas[answer.pick].loss == pytest.approx(0.0, abs=1e-4 * float(np.var(y)))


@needs("pyoperon")
def test_operon_says_what_it_leaves_out(operon_answer: tuple[Answer, list[str]]) -> None:
    remark = operon_answer[0].remark
    assert "single precision" in remark and "no weights" in remark
    missing = [name for name in ALL if name not in operon.SYMBOLS]
    assert {"J0", "erf"} <= set(missing) and f"{len(missing)} of {len(ALL)}" in remark


@needs("pyoperon")
@pytest.mark.long
def test_operon_in_units_that_single_precision_does_not_hold(tmp_path: Path) -> None:
    X, y = table()
    scale = np.array([1e30, 1e-25])
    answer, _ = run("operon", request_for(tmp_path, X * scale, y * 1e60, seconds=1.0, functions=("x", "x^2")))
    assert answer.pick is not None
    pick = answer.formulas[answer.pick]
    residual = values(pick, X * scale) - y * 1e60
    assert float(np.mean((residual / 1e60) ** 2)) < 0.1 * float(np.var(y))
    assert pick.loss == pytest.approx(float(np.mean(residual**2)), rel=0.05, abs=1e120 * 1e-10)


@needs("pyoperon")
def test_operon_same_seed_same_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Ended by its generations: where the time ends it, the machine decides.
    monkeypatch.setitem(operon.SETTINGS, "generations", 3)
    monkeypatch.setitem(operon.SETTINGS, "population_size", 100)
    X, y = table()
    first, again, other = (
        operon.search(request_for(tmp_path, X, y, seconds=60.0, seed=seed), lambda text: None).formulas
        for seed in (5, 5, 6)
    )
    assert first == again and first != other


# -- gplearn -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gplearn_answer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Answer, list[str]]:
    X, y = table()
    weights = np.linspace(0.5, 1.5, len(y))
    return run("gplearn", request_for(tmp_path_factory.mktemp("gplearn"), X, y, weights=weights))


@needs("gplearn")
def test_gplearn_answers_with_its_front(gplearn_answer: tuple[Answer, list[str]]) -> None:
    answer, lines = gplearn_answer
    X, y = table()
    assert answer.pick is not None and answer.version[0].isdigit() and answer.seconds < 2 + LATE
    assert any("generation" in line for line in lines)
    assert len(answer.formulas) > 1
    losses = []
    for formula in answer.formulas:
        assert formula.loss is not None and formula.complexity is not None
        # The weighted mean absolute error, from the formula alone; protected functions may differ on a row.
        losses.append(float(np.average(np.abs(values(formula, X) - y), weights=np.linspace(0.5, 1.5, len(y)))))
    agree = [
        loss == pytest.approx(f.loss, rel=1e-9, abs=1e-14) for loss, f in zip(losses, answer.formulas, strict=True)
    ]
    assert sum(agree) >= 0.8 * len(agree)
    if "takes over" not in answer.remark:
        assert agree[answer.pick]
    assert losses[answer.pick] < 0.5 * float(np.mean(np.abs(y - np.median(y))))


@needs("gplearn")
def test_gplearn_takes_weights(tmp_path: Path) -> None:
    # Two laws at the same places; the weights say which counts.
    X = np.random.default_rng(3).uniform(1, 3, (40, 2))
    first, second = np.ones(80), np.ones(80)
    first[:40], second[40:] = 1e-12, 1e-12
    both = np.vstack([X, X])
    y = np.concatenate([X[:, 0] * X[:, 1], X[:, 0] - X[:, 1]])
    picks = []
    with PeerProcess(peer_named("gplearn")) as process:
        for weights in (first, second):
            folder = tmp_path / str(len(picks))
            folder.mkdir()
            request = request_for(folder, both, y, weights=weights, functions=("x",), seconds=1.5)
            answer = process.ask(request)
            picks.append(answer.formulas[answer.pick or 0])
    np.testing.assert_allclose(values(picks[0], X), y[40:], rtol=1e-6)
    np.testing.assert_allclose(values(picks[1], X), y[:40], rtol=1e-6)


@needs("gplearn")
def test_gplearn_same_seed_same_search(tmp_path: Path) -> None:
    X = np.random.default_rng(3).uniform(1, 3, (40, 2))
    answers = []
    with PeerProcess(peer_named("gplearn")) as process:
        for number in range(2):
            folder = tmp_path / str(number)
            folder.mkdir()
            # An exact product ends the search by itself.
            answers.append(process.ask(request_for(folder, X, X[:, 0] * X[:, 1], functions=("x",), seconds=30.0)))
    assert answers[0].formulas == answers[1].formulas and answers[0].pick == answers[1].pick
    assert answers[0].seconds < 25


@needs("gplearn")
def test_gplearn_in_extreme_units(tmp_path: Path) -> None:
    # Of size 1e12, 1e-7 and 1e20 in the median, so that no constant is left for the search.
    X = np.random.default_rng(3).uniform(1, 2, (40, 2))
    scale = np.array([1e12, 1e-7])
    y = 1e20 * X[:, 0] * X[:, 1]
    answer, _ = run("gplearn", request_for(tmp_path, X * scale, y, functions=("x",), seconds=3.0))
    assert answer.pick is not None
    pick = answer.formulas[answer.pick]
    assert pick.loss == pytest.approx(float(np.mean(np.abs(values(pick, X * scale) - y))), rel=1e-6, abs=1e6)
    np.testing.assert_allclose(values(pick, X * scale), y, rtol=1e-6)


# -- pykan ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def double_precision() -> Any:
    """pykan's networks are made in torch's default type, as the worker's process has it."""
    before, threads = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    yield
    torch.set_default_dtype(before)
    torch.set_num_threads(threads)


def network(width: list[int], **options: Any) -> Any:
    kan = pytest.importorskip("kan")
    return kan.KAN(width=width, grid=3, k=3, seed=0, auto_save=False, **options)


pykan_here = [
    needs("kan"),
    # pykan converts tensors that have gradients to numbers, and its progress bar may be younger than its torch.
    pytest.mark.filterwarnings("ignore"),
]


@needs("kan")
def test_pykan_answers_with_a_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(5).uniform(-2, 2, (60, 2))
    y = np.sin(X[:, 0]) + X[:, 1] ** 2
    before = sorted(Path.cwd().iterdir())
    answer, lines = run("pykan", request_for(tmp_path, X, y, functions=("x", "x^2", "sin", "exp"), seconds=8.0))
    assert answer.pick == 0 and len(answer.formulas) == 1 and answer.version.startswith("0.2")
    assert answer.seconds < 8 + 2 * LATE
    assert any("symbolic" in line for line in lines)
    formula = answer.formulas[0]
    assert formula.loss == pytest.approx(float(np.mean((values(formula, X) - y) ** 2)), rel=1e-6, abs=1e-12)
    assert formula.loss is not None and formula.loss < 0.5 * float(np.var(y))
    # It writes its networks into the request's folder only.
    assert (tmp_path / "model").is_dir() and sorted(Path.cwd().iterdir()) == before


class TestPykanHere:
    """Parts that the process hides, on pykan's own networks."""

    pytestmark = pykan_here

    def test_the_formula_is_the_network(self, double_precision: None, tmp_path: Path) -> None:
        X = np.random.default_rng(2).uniform([1, 100], [2, 900], (40, 2))
        y = 1e4 * X[:, 0] + X[:, 1]
        scaling = Scaling.fit(X, y)
        model = network([2, 2, 1])
        x = torch.from_numpy(scaling.scale_inputs(X))
        model(x)
        for edge, name in {
            (0, 0, 0): "sin",
            (0, 1, 0): "gaussian",
            (0, 0, 1): "exp",
            (0, 1, 1): "arctan",
            (1, 0, 0): "x^2",
            (1, 1, 0): "tanh",
        }.items():
            model.fix_symbolic(*edge, name, verbose=False)
        with torch.no_grad():
            expected = model(x)[:, 0].numpy() * scaling.y_scale + scaling.y_center
        text = pykan.formula_text(model, ("x0", "x1"), scaling)
        np.testing.assert_allclose(values(PeerFormula(text), X), expected, rtol=1e-9)

    def test_an_edge_that_is_not_symbolic(self, double_precision: None) -> None:
        X = np.linspace(0, 1, 20)[:, None]
        model = network([1, 1, 1])
        model.symbolic_fun[0].funs_sympy[0][0] = None
        with pytest.raises(PeerError, match="symbolic"):
            pykan.formula_text(model, ("x0",), Scaling.fit(X, X[:, 0]))

    def test_weights_count(self, double_precision: None) -> None:
        # Two values at every place: the least squares lie at their weighted mean.
        x = torch.linspace(-1, 1, 40)[:, None].repeat(2, 1)
        y = torch.cat([torch.zeros(40, 1), torch.ones(40, 1)])
        weights = torch.cat([torch.full((40, 1), 0.2), torch.full((40, 1), 1.8)])
        model = network([1, 1])
        loss = Trainer(x, y, weights, lambda *_: None).fit(model, "test", math.inf)
        assert loss == pytest.approx(0.1 * 0.9, rel=1e-3)
        with torch.no_grad():
            torch.testing.assert_close(model(x), torch.full((80, 1), 0.9), atol=0.02, rtol=0)

    def test_loss_is_the_weighted_mean_square(self, double_precision: None) -> None:
        generator = np.random.default_rng(0)
        x, y = torch.from_numpy(generator.normal(size=(30, 2))), torch.from_numpy(generator.normal(size=(30, 1)))
        weights = torch.from_numpy(generator.uniform(0, 2, (30, 1)))
        model = network([2, 1, 1])
        with torch.no_grad():
            expected = np.mean((weights * (model(x) - y) ** 2).numpy())
        assert Trainer(x, y, weights, lambda *_: None).loss(model) == pytest.approx(float(expected), rel=1e-12)

    def test_training_ends_with_the_time_and_with_no_worse_a_network(
        self, double_precision: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        x = torch.linspace(-1, 1, 2000)[:, None].repeat(1, 3)
        y = torch.sin(5 * x[:, :1])
        model = network([3, 5, 1])
        trainer = Trainer(x, y, None, lambda *_: None)
        before = trainer.loss(model)
        # Every look at the clock takes a second.
        looks = itertools.count()
        monkeypatch.setattr("kansym.comparison.workers.pykan.time.monotonic", lambda: float(next(looks)))
        after = trainer.fit(model, "test", 20.0)
        assert next(looks) < 40
        assert after <= before and after == pytest.approx(trainer.loss(model), rel=1e-9)
        assert model.symbolic_enabled and model.save_act and trainer.failures == 0

    def test_training_that_breaks_down_goes_on_from_its_best_state(
        self, double_precision: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        x = torch.linspace(-1, 1, 50)[:, None]
        model = network([1, 1, 1])
        trainer = Trainer(x, x**2, None, lambda *_: None)
        plain, calls = type(model).fit, []

        def failing(self: Any, *arguments: Any, **options: Any) -> Any:
            calls.append(options["update_grid"])
            if len(calls) == 1:
                with torch.no_grad():
                    self.act_fun[0].coef.fill_(math.nan)
                raise UnboundLocalError("lstsq failed")
            return plain(self, *arguments, **options)

        monkeypatch.setattr(type(model), "fit", failing)
        loss = trainer.fit(model, "test", math.inf)
        assert calls == [True, False] and trainer.failures == 1
        assert loss < 1e-3 and loss == pytest.approx(trainer.loss(model), rel=1e-9)

    def test_pruning_that_leaves_nothing_is_undone(
        self, double_precision: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        x = torch.linspace(-1, 1, 50)[:, None]
        model = network([1, 2, 1])
        trainer = Trainer(x, x**2, None, lambda *_: None)
        before = trainer.loss(model)

        def broken(self: Any) -> Any:
            for layer in self.act_fun:
                layer.mask.data.zero_()
            raise RuntimeError("nothing left")

        monkeypatch.setattr(type(model), "prune", broken)
        remarks: list[str] = []
        assert pykan._pruned(model, trainer, remarks) is model
        assert remarks == ["prune failed: RuntimeError"] and trainer.loss(model) == before

    def test_rows_to_match_hold_the_extremes_of_every_edge(self, double_precision: None) -> None:
        x = torch.from_numpy(np.random.default_rng(0).normal(size=(400, 2)))
        model = network([2, 3, 1])
        # Two columns and three nodes have ten extremes.
        few = pykan._rows_to_match(model, x, 5, 0.0, 1)
        assert len(few) == pykan.FEWEST_MATCHED and len(few.unique()) == len(few)
        many = pykan._rows_to_match(model, x, 5, 1e6, 1)
        assert sorted(many.tolist()) == list(range(400))
        with torch.no_grad():
            model(x)
        for acts in model.acts[:-1]:
            assert torch.equal(acts[few].amin(dim=0), acts.amin(dim=0))
            assert torch.equal(acts[few].amax(dim=0), acts.amax(dim=0))

    def test_large_tables_train_on_fewer_rows_and_are_measured_on_all(
        self, double_precision: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pykan, "MOST_TRAINED", 40)
        X = np.random.default_rng(6).uniform(-1, 1, (120, 1))
        y = X[:, 0] ** 2
        answer = pykan.search(request_for(tmp_path, X, y, functions=("x", "x^2"), seconds=3.0), lambda text: None)
        assert "trained on 40 of 120 rows" in answer.remark
        expected = float(np.mean((values(answer.formulas[0], X) - y) ** 2))
        assert answer.formulas[0].loss == pytest.approx(expected, rel=1e-6, abs=1e-14)

    def test_library_is_pykans(self) -> None:
        from kan.utils import SYMBOLIC_LIB

        assert set(pykan.library_of(ALL)) <= set(SYMBOLIC_LIB)
        # The same function, but for scales and shifts in and out, on arguments inside all domains.
        z = sympy.Symbol("z")
        points = np.linspace(0.05, 0.95, 40)
        for name, entry in pykan.LIBRARY.items():
            own = np.asarray(sympy.lambdify(z, default_library()[name].expression, "numpy")(points))
            # tanh(u/2) is the logistic function of u, scaled and shifted.
            argument = z / 2 if name in ("logistic", "fermi") else z
            theirs = np.asarray(sympy.lambdify(z, SYMBOLIC_LIB[entry][1](argument), "numpy")(points))
            own, theirs = np.broadcast_to(own, points.shape), np.broadcast_to(theirs, points.shape)
            design = np.column_stack([theirs, np.ones_like(points)])
            fitted = design @ np.linalg.lstsq(design, own, rcond=None)[0]
            np.testing.assert_allclose(fitted, own, rtol=1e-9, atol=1e-9, err_msg=name)
