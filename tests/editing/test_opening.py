"""From runs, folders, estimators and tables to networks in hand, and back to a run."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy

from kansym import (
    ArgumentError,
    Discovery,
    DiscoveryOptions,
    default_library,
    discover,
    edit,
    load_run,
    make_dataset,
    primitive_from_expression,
    save_run,
)
from kansym.editing.network import EditableNetwork
from kansym.editing.script import do_step, run_script
from kansym.errors import StorageError
from kansym.kan.growth import GrowthOptions
from kansym.run.finished import FinishedRun

OPTIONS = DiscoveryOptions(max_seconds=20, structure=False, growth=GrowthOptions(shapes=((2, 1, 1),)))

Z = sympy.Symbol("z", real=True)

MODES = ["sin", "x^2", "exp"]


def table():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (250, 2))
    y = np.exp(np.sin(2 * X[:, 0]) + X[:, 1] ** 2)
    return make_dataset(X, y, names=["x", "z"], target="f", units=["1", "1"], y_units="m")


@pytest.fixture(scope="module")
def found() -> Discovery:
    return discover(table(), OPTIONS)


@pytest.fixture(scope="module")
def folder(found: Discovery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_run(found, tmp_path_factory.mktemp("run"), options=OPTIONS)


def test_a_reading_is_what_was_read(found: Discovery, folder: Path) -> None:
    X = table().X
    for source in (found, FinishedRun.of(found, options=OPTIONS), load_run(folder), folder, str(folder)):
        net = edit(source)
        assert net.history == ("reading [2, 1, 1]",) and net.is_symbolic
        assert np.allclose(net.predict(X), found.formula.predict(X), rtol=1e-6)
        assert [edge.mode for edge in net.edges] == MODES
        # The extraction works in scaled units; here constants have their conventional values.
        assert net.edges[2].constants["b"] == 0.0
        assert all(edge.misfit is not None and edge.misfit < 1e-4 for edge in net.edges)


def test_starts(found: Discovery) -> None:
    assert found.network is not None
    X = table().X
    net = edit(found, start="network")
    assert np.allclose(net.predict(X), found.network.predict(X), atol=1e-12)
    assert len(edit(found, start="splines").edges.splines) == 3
    assert edit(found, start=(2, (0, 1), 1)).shape == (2, (0, 1), 1)
    with pytest.raises(ArgumentError, match="start must be one of"):
        edit(found, start="middle")
    with pytest.raises(ArgumentError, match="start must be a shape from 2 inputs"):
        edit(found, start=(3, 1))
    with pytest.raises(ArgumentError, match="the run has no reading"):
        edit(replace(found, reading=None), start="reading")
    assert edit(replace(found, reading=None)).history == ("network [2, 1, 1]",)


@pytest.mark.long
def test_beside_an_exact_law_a_network_is_trained_when_it_is_asked_for(found: Discovery) -> None:
    net = edit(replace(found, network=None, reading=None), max_seconds=20)
    assert {edge.mode for edge in net.edges} <= {"spline", "x"}  # a product node may stand alone
    y = table().y
    assert np.sqrt(np.mean((net.predict(table().X) - y) ** 2)) < 0.05 * np.std(y)


def test_what_cannot_be_edited(found: Discovery, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="give a shape to train one"):
        edit(table())
    with pytest.raises(ArgumentError, match="the run has no reading: it ended without a network"):
        edit(replace(found, network=None), start="reading")
    with pytest.raises(ArgumentError, match="source must be a folder"):
        edit(3)
    with pytest.raises(StorageError):
        edit(tmp_path)
    run = load_run(folder)
    with pytest.raises(ArgumentError, match="did not keep its table"):
        edit(replace(run, dataset=None))
    given = replace(run, summary=replace(run.summary, options={"given": "x + ..."}))
    with pytest.raises(ArgumentError, match=r"what 'x \+ \.\.\.' leaves"):
        edit(given)


@pytest.mark.long
def test_saved_as_a_new_run(folder: Path, tmp_path: Path) -> None:
    net = edit(folder)
    net.edge("x -> h1.0").fix("tanh")
    net.refit(1)
    assert not net.is_pick and net.front.best.to_dict() == load_run(folder).formula.to_dict()
    found = net.discovery()
    assert found.formula is net.formula() and any(one is found.formula for one in found.front)
    assert any(note.startswith("By description length the pick of the front would be") for note in found.notes)
    save_run(found, tmp_path / "new", options=net.context.options, certificate=net.certificate())
    run = load_run(tmp_path / "new")
    assert run.formula.to_dict() == net.formula().to_dict()
    assert run.summary.certificate is not None and run.summary.certificate.verdict.kind == "no closed form found"
    assert any("fix 0.0.0 (x -> h1.0) to tanh" in note for note in run.summary.notes)
    again = edit(run)
    assert [edge.mode for edge in again.edges] == ["tanh", *(edge.mode for edge in edit(folder).edges[1:])]
    assert np.allclose(again.predict(table().X), net.predict(table().X), rtol=1e-9)
    again.edge("x -> h1.0").fix("sin")
    again.refit(60)
    x, z = sympy.symbols("x z")
    assert sympy.simplify(again.formula().expression - sympy.exp(sympy.sin(2 * x) + z**2)) == 0


def test_the_hand_made_formula_becomes_the_pick(found: Discovery) -> None:
    worse = replace(found, front=found.front[:1], formula=found.front[0])
    net = edit(worse)
    assert len(net.front) == 2 and net.is_pick
    assert net.discovery().formula == net.front.best
    net.edge("0.0.0").unfix()
    assert len(net.front) == 1 and not net.is_pick


def test_only_the_primitives_of_the_run_are_suggested(found: Discovery) -> None:
    run = FinishedRun.of(found, options=replace(OPTIONS, primitives=OPTIONS.primitives.without("sin")))
    net = edit(run)
    assert "sin" not in {one.name for one in net.edge("0.0.0").suggest(30)}
    assert net.edge("0.0.0").fix("sin") > 0.999  # by name, everything is there


@pytest.mark.long
def test_a_script_does_it_again(found: Discovery) -> None:
    net = edit(found, start="splines")
    text = """
    # a wrong start
    fix 0.0.0=tanh
    undo
    fix z -> h1.0=x^2,b=0   # and a right one
    hold 0.1.0,a
    fix x -> h1.0=sin,a=2,b=0,freeze
    auto 1.0.0
    free 0.0.0
    refit 5,20
    """
    said = run_script(net, text)
    assert len(said) == 8 and said[-1].startswith("refit: RMS residual")
    again = edit(found, start="splines")
    run_script(again, net.script)
    assert again.history == net.history
    assert all(
        np.array_equal(a.affine, b.affine) for a, b in zip(net.network.layers, again.network.layers, strict=True)
    )
    grown = edit(found, start="splines")
    run_script(grown, "product x,z\nremove 0.0.0\nunfix 0.0.0\nrefine 10\nnode x,0.1.0,into=0\nprune 0.001")
    twin = edit(found, start="splines")
    run_script(twin, grown.script)
    assert twin.shape == grown.shape and twin.error == grown.error


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (("jump", ""), "there is no step 'jump'; steps are fix, unfix"),
        (("fix", "0.0.0"), "fix needs an edge and a primitive"),
        (("fix", "0.0.0=sin,q=3"), "after the primitive come constants"),
        (("fix", "0.0.0=sin,a=three"), "a must be a number"),
        (("refine", "3.5"), "must be a whole number"),
        (("hold", ""), "name an edge"),
        (("unfix", "7.7.7"), "there is no edge '7.7.7'"),
    ],
)
def test_steps_are_checked(found: Discovery, step: tuple[str, str], words: str) -> None:
    net = edit(found)
    with pytest.raises(ArgumentError, match=words):
        do_step(net, *step)
    with pytest.raises(ArgumentError, match=rf"line 2 of the script \({step[0]}"):
        run_script(net, "refit 1\n" + " ".join(step).strip())


def test_a_shared_desk_is_json(found: Discovery) -> None:
    record = json.loads(json.dumps(edit(found).to_dict(), allow_nan=False))
    assert record["is_symbolic"] and record["history"] == ["reading [2, 1, 1]"]
    assert {edge["kind"] for edge in record["edges"]} == {"primitive"}


def test_of_an_estimator() -> None:
    from kansym import SymbolicRegressor

    a = np.linspace(1, 3, 40)
    model = SymbolicRegressor(max_seconds=5).fit(a[:, None], np.exp(-a / 2), variable_names=["a"])
    net = model.edit()
    assert isinstance(net, EditableNetwork)
    assert net.context.options.seed == 0 and net.error.held_out < 0.05


def test_a_table_takes_names_from_a_library() -> None:
    own = primitive_from_expression("langevin", sympy.coth(Z) - 1 / Z)
    only = {"langevin": own, "x": default_library()["x"]}
    net = edit(table(), start=(2, 1), library=only, max_seconds=60)
    net.edge(0, 0, 0).fix("langevin")
    assert net.edge(0, 0, 0).mode == "langevin"
    net.edge(0, 1, 0).fix("sin")  # what comes with kansym is there too
    net.undo(2)
    assert {one.name for one in net.edge(0, 0, 0).suggest(9)} <= set(only)
    # With options theirs are suggested, and the library only adds names.
    options = DiscoveryOptions(primitives=default_library().only("x", "sin"))
    net = edit(table(), start=(2, 1), library=only, options=options, max_seconds=60)
    assert {one.name for one in net.edge(0, 0, 0).suggest(9)} <= {"x", "sin"}
    net.edge(0, 0, 0).fix("langevin")


def test_a_run_with_few_functions_takes_names_from_a_library(found: Discovery) -> None:
    few = replace(OPTIONS, primitives=default_library().only("x", "sin", "x^2", "exp"))
    library = default_library().with_primitive(primitive_from_expression("langevin", sympy.coth(Z) - 1 / Z))
    net = edit(found, options=few, library=library)
    net.edge(0, 0, 0).fix("langevin")
    assert "langevin" not in {one.name for one in net.edge(0, 1, 0).suggest(9)}
