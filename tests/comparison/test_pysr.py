"""PySR as a peer, in the real worker process: by a stand-in where there is no Julia, and once by PySR itself."""

import ast
import importlib.util
import json
import os
import queue
import runpy
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from kansym.comparison.request import Answer, Request
from kansym.comparison.workers import pysr, pysr_start
from kansym.primitives import default_library
from kansym.symbolic.parser import parse_expression

STAND_IN = Path(__file__).parent / "stand_in_pysr"
WAIT = 300.0


class Worker:
    """The process that a comparison starts, and its messages."""

    def __init__(self, environment, cwd):
        root = str(Path(pysr.__file__).parents[3])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kansym.comparison.worker", "kansym.comparison.workers.pysr"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": root, **environment},
        )
        self.lines = queue.Queue()
        self.errors = []
        self.progress = []
        self.readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines.put), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors.append), daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(stream, take):
        for line in stream:
            take(line)
        take(None)

    def send(self, request):
        self.process.stdin.write(json.dumps(request.write()).encode() + b"\n")
        self.process.stdin.flush()

    def message(self, timeout=WAIT):
        """The next one that is an answer of some kind; None if the process ends before."""
        until = time.monotonic() + timeout
        while True:
            line = self.lines.get(timeout=max(0.01, until - time.monotonic()))
            if line is None:
                return None
            message = json.loads(line)
            if message["kind"] == "progress":
                self.progress.append(message["text"])
            elif message["kind"] != "searching":
                return message

    def ask(self, request):
        self.send(request)
        message = self.message()
        assert message is not None and message["kind"] == "answer", message
        return Answer.read(message)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=WAIT)
        for reader in self.readers:
            reader.join(timeout=WAIT)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


class StandIn:
    """Workers with the stand-in, and what it wrote down."""

    def __init__(self, folder):
        self.folder, self.workers = folder, []
        self.plan_file, self.log_file = folder / "plan.json", folder / "log.jsonl"
        self.plan()

    def plan(self, **plan):
        self.plan_file.write_text(json.dumps(plan))

    def start(self):
        places = {"STAND_IN_PYSR": str(self.plan_file), "STAND_IN_PYSR_LOG": str(self.log_file)}
        paths = os.pathsep.join((str(STAND_IN), str(Path(pysr.__file__).parents[3])))
        self.workers.append(Worker({**places, "PYTHONPATH": paths}, self.folder))
        return self.workers[-1]

    def ready(self):
        worker = self.start()
        message = worker.message()
        assert message is not None and message["kind"] == "ready", message
        return worker

    @property
    def log(self):
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def wait_for_file(self):
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            if self.log_file.exists() and any("/run" in str(entry.get("written", "")) for entry in self.log):
                return
            time.sleep(0.05)
        raise AssertionError("the stand-in has written nothing")


@pytest.fixture
def stand_in(tmp_path):
    made = StandIn(tmp_path)
    yield made
    for worker in made.workers:
        worker.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A stand-in with one worker, for searches after which it goes on; nothing is written down yet."""
    made = StandIn(tmp_path_factory.mktemp("running"))
    made.ready()
    yield made
    made.workers[0].close()


@pytest.fixture
def worker(running):
    running.log_file.unlink(missing_ok=True)
    running.plan()
    return running.workers[0]


def request_in(folder, *, seconds=0.3, weights=None, units=None, y_unit=None, functions=("x", "x^2", "sin"), seed=7):
    X = np.random.default_rng(0).uniform(1, 3, (40, 2))
    where = folder / f"run{len(list(folder.iterdir()))}"
    where.mkdir()
    y = 3 * X[:, 0] * X[:, 1] + 1e-6 * np.sin(99 * X[:, 0])
    return Request(X, y, weights, X, units or (None, None), y_unit, functions, seconds, seed, where)


def value(formula, request):
    expression = parse_expression(formula.expression, request.names)
    return float(expression.subs({"x0": 2.0, "x1": 1.5}))


# -- the usual case ----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_finds_a_law_again_and_again_in_one_process(stand_in, tmp_path):
    worker = stand_in.ready()
    request = request_in(tmp_path)
    answer = worker.ask(request)
    assert [value(formula, request) for formula in answer.formulas][-1] == pytest.approx(9.0, rel=1e-5)
    assert answer.pick == 2 and answer.formulas[2].complexity == 5
    assert (answer.remark, answer.version) == ("", "2.7.2")
    assert worker.progress[0] == "starting Julia" and worker.progress[-1] == "searching"
    second = worker.ask(request_in(tmp_path))
    assert second.formulas == answer.formulas
    # Nothing beside the request's own folder, and nothing compiled twice.
    assert not (tmp_path / "outputs").exists()
    assert worker.progress.count("compiling PySR for this search") == 1
    assert len([entry for entry in stand_in.log if "settings" in entry]) == 4
    worker.process.stdin.close()
    assert worker.process.wait(timeout=WAIT) == 0


def test_settings_and_environment(stand_in, tmp_path):
    worker = stand_in.ready()
    weights = np.linspace(0.5, 1.5, 40)
    functions = tuple(default_library())
    request = request_in(
        tmp_path, weights=weights, units=("km/h", "kg"), y_unit="J^0.5", functions=functions, seed=2**40
    )
    answer = worker.ask(request)
    assert answer.remark == "without J0, J1, Ai, which PySR does not have"
    start, *_, last = (entry for entry in stand_in.log if "written" not in entry)
    assert start["environment"].items() >= pysr_start.ENVIRONMENT.items()
    # torch before Julia can end in a segmentation fault.
    assert start["torch"] is False
    assert (last["X_units"], last["y_units"]) == (["m*s^-1", "kg"], "m*kg^(1//2)*s^-1")
    assert last["weights"] == pytest.approx(1.0)
    expected = {
        "parallelism": "serial",
        "deterministic": True,
        "random_state": 2**40 % 2**32,
        "batching": False,
        "precision": 64,
        "model_selection": "best",
        "timeout_in_seconds": 0.3,
        "progress": False,
        "verbosity": 0,
        "input_stream": "devnull",
        "temp_equation_file": False,
        "constraints": {"^": [-1, 1]},
        "binary_operators": ["+", "-", "*", "/", "^"],
    }
    assert last["settings"].items() >= expected.items()
    assert Path(last["settings"]["output_directory"]) == request.folder
    assert last["settings"]["niterations"] >= 10**6


@pytest.mark.long
def test_the_time_is_kept(worker, tmp_path):
    began = time.monotonic()
    answer = worker.ask(request_in(tmp_path, seconds=2.5))
    assert 2.4 <= answer.seconds <= time.monotonic() - began < WAIT
    assert "3 formulas, least loss" in worker.progress[-1]


def test_what_is_being_fetched_is_told(stand_in):
    stand_in.plan(**{"import": "install"})
    worker = stand_in.ready()
    assert "Downloading Julia from https://example.org/julia.tar.gz" in worker.progress
    assert "downloaded 12.5 MB of 170.0 MB" in worker.progress
    assert not any("import Pkg" in line for line in worker.progress)


# -- faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_what_is_missing_is_the_answer_and_the_end(stand_in):
    stand_in.plan(**{"import": "no julia"})
    worker = stand_in.start()
    message = worker.message()
    assert message is not None and message["kind"] == "failed" and message["missing"] is True
    assert "no version that it can use" in message["reason"]
    assert worker.process.wait(timeout=WAIT) == 1


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("no pysr", ("PySR is not installed: pip install",)),
        ("no juliacall", ("'juliacall'", "pip install --upgrade pysr")),
        ("no network", ("Julia, which is not there and cannot be fetched", "https://julialang.org/install")),
        ("no julia", ("no version that it can use", "^1.10.3")),
        ("no packages", ("Julia is there", "could not be installed", "python -c 'import pysr'")),
        ("packages do not load", ("Julia is there", "do not load", "SymbolicRegression not found")),
    ],
)
def test_what_is_missing_is_one_line(stand_in, plan, words, monkeypatch):
    stand_in.plan(**{"import": plan})
    monkeypatch.setenv("STAND_IN_PYSR", str(stand_in.plan_file))
    with pytest.raises(Exception, match=r"\S") as raised:
        runpy.run_path(str(STAND_IN / "pysr" / "__init__.py"))
    reason = pysr_start.missing(raised.value)
    assert "\n" not in reason and len(reason) < 400
    assert all(word in reason for word in words), reason


def test_anything_else_at_start_up_is_missing_too():
    error = Exception("Both PYTHON_JULIACALL_PROJECT and PYTHON_JULIACALL_EXE must be set together.\nNot one.")
    assert "must be set together. Not one.)" in pysr_start.missing(error)
    assert "AssertionError" in pysr_start.missing(AssertionError())


@pytest.mark.long
def test_a_crash_leaves_the_hall_of_fame(stand_in, tmp_path):
    worker = stand_in.ready()
    stand_in.plan(fit="crash")
    request = request_in(tmp_path)
    worker.send(request)
    assert worker.message() is None
    assert worker.process.wait(timeout=WAIT) == -signal.SIGSEGV
    assert [formula.complexity for formula in pysr.salvage(request.folder)] == [1, 3, 5]


def test_a_search_that_never_ends_is_salvaged(stand_in, tmp_path):
    worker = stand_in.ready()
    stand_in.plan(fit="hang")
    request = request_in(tmp_path)
    assert pysr.salvage(request.folder) == []
    worker.send(request)
    stand_in.wait_for_file()
    with pytest.raises(queue.Empty):
        worker.message(timeout=0.7)
    worker.close()
    # The file was cut off while it was written; the copy is whole.
    assert not (request.folder / "pysr" / "hall_of_fame.csv").read_text().endswith("\n")
    left = pysr.salvage(request.folder)
    assert [formula.complexity for formula in left] == [1, 3, 5]
    assert value(left[-1], request) == pytest.approx(9.0, rel=1e-5)


def test_an_interrupt_gives_what_there_is(worker, running, tmp_path):
    worker.send(request_in(tmp_path, seconds=WAIT))
    running.wait_for_file()
    worker.process.send_signal(signal.SIGINT)
    message = worker.message()
    assert message is not None and message["kind"] == "answer"
    answer = Answer.read(message)
    assert len(answer.formulas) == 3 and "interrupted" in answer.remark and answer.seconds < WAIT / 2
    assert worker.ask(request_in(tmp_path)).remark == ""


def test_faults_of_one_search_leave_the_next_alone(worker, running, tmp_path):
    running.plan(fit="garbage")
    request = request_in(tmp_path)
    assert len(worker.ask(request).formulas) == 3
    assert sum(line is not None and b"42" in line for line in worker.errors) > 10_000

    # In the same folder: what an earlier search left is not an answer.
    running.plan(fit="nothing")
    worker.send(request)
    message = worker.message()
    assert message is not None and message["kind"] == "failed" and not message["missing"]
    assert "Couldn't find equation file" in message["reason"]

    running.plan(fit="fails afterwards")
    answer = worker.ask(request_in(tmp_path))
    assert answer.pick == 2 and "TypeError: Error processing equation" in answer.remark

    running.plan(fit="no units")
    answer = worker.ask(request_in(tmp_path, units=("m", "m"), y_unit="m^2"))
    assert answer.pick == 2 and answer.remark == "units left out: PySR did not take them"

    running.plan()
    assert worker.ask(request_in(tmp_path)).remark == ""


# -- settings ----------------------------------------------------------------------------------------------------------


def test_every_primitive_is_known_or_has_no_counterpart():
    assert set(default_library()) - set(pysr.OPERATORS) == {"J0", "J1", "Ai"}
    assert set(pysr.OPERATORS) <= set(default_library())


def test_the_fewest_operators():
    few = pysr.operators_for(("x", "x^-1", "lorentzian", "sin"))
    assert few == pysr.Operators(("+", "-", "*", "/"), ("square", "sin"), ())
    power = pysr.operators_for(("x^3", "x^p", "sqrt", "my own"))
    assert power == pysr.Operators(("+", "-", "*", "/", "^"), ("sqrt",), ("my own",))
    # Julia compiles for each order anew.
    names = list(default_library())
    assert pysr.operators_for(names).unary == pysr.operators_for(names[::-1]).unary


@pytest.mark.parametrize(
    ("units", "target", "expected"),
    [
        ((None, None), "m", (None, None)),
        (("m", "1"), None, (("m", "1"), None)),
        (("N", "degC"), "W/m^2/K", (("m*kg*s^-2", "K"), "kg*s^-3*K^-1")),
        (("percent", "rad"), "1", (None, None)),
        (("percent", "rad"), "V", (("1", "1"), "m^2*kg*s^-3*A^-1")),
        (("m^0.5", "cd/mol"), None, (("m^(1//2)", "mol^-1*cd"), None)),
    ],
)
def test_units_in_julias_spelling(units, target, expected):
    found = pysr.units_for(units, target)
    assert (found.columns, found.target) == expected and found.remark == ""


@pytest.mark.parametrize("units", [("m", None), ("m", "furlongs per beard"), ("m", "arb. units")])
def test_units_are_left_out_where_one_is_unknown(units):
    found = pysr.units_for(units, "s")
    assert found.columns is None and found.target is None and "left out" in found.remark


# -- the real one ------------------------------------------------------------------------------------------------------


def real_source():
    """Where PySR is, without importing it: that starts Julia."""
    spec = importlib.util.find_spec("pysr")
    return None if spec is None or spec.origin is None else Path(spec.origin).with_name("sr.py")


def arguments_of(tree, method):
    regressor = next(n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == "PySRRegressor")
    function = next(n for n in regressor.body if isinstance(n, ast.FunctionDef) and n.name == method)
    return [argument.arg for argument in function.args.args[1:] + function.args.kwonlyargs]


@pytest.mark.skipif(real_source() is None, reason="PySR is not installed")
def test_the_stand_in_takes_what_pysr_takes():
    tree = ast.parse(real_source().read_text())
    stand_in = ast.parse((STAND_IN / "pysr" / "__init__.py").read_text())
    names = {
        target.id: node.value
        for node in stand_in.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert arguments_of(tree, "__init__") == ast.literal_eval(names["PARAMETERS"])
    assert arguments_of(tree, "fit") == ["X", "y", *ast.literal_eval(names["FIT_PARAMETERS"])]
    assert arguments_of(stand_in, "fit") == arguments_of(tree, "fit")


@pytest.mark.long
@pytest.mark.skipif(real_source() is None, reason="PySR is not installed")
def test_the_real_pysr(tmp_path):
    # Nothing is fetched for a test: it runs where Julia and its packages are there already.
    worker = Worker({"PYTHON_JULIAPKG_OFFLINE": "yes"}, tmp_path)
    try:
        message = worker.message(timeout=600)
        if message is not None and message["kind"] == "failed" and message["missing"]:
            pytest.skip(message["reason"])
        assert message is not None and message["kind"] == "ready", (message, worker.errors[-20:])
        request = request_in(tmp_path, seconds=5, units=("m", "m/s"), y_unit="m^2/s")
        answer = worker.ask(request)
        assert answer.pick is not None and 4 <= answer.seconds < WAIT
        assert value(answer.formulas[answer.pick], request) == pytest.approx(9.0, rel=1e-3)
        assert "units" not in answer.remark
    finally:
        worker.close()
