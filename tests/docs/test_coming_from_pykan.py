"""Every row of the table in `docs/coming-from-pykan.md` does what it says."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sympy
import torch
from PIL import Image

from kansym import (
    KAN,
    default_library,
    import_pykan,
    kan_from_expression,
    make_dataset,
    primitive_from_expression,
    read_table,
    separability,
    symmetries,
    symmetry,
)
from kansym.errors import StorageError
from kansym.kan import EdgeMode

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-pykan.md"
ROWS: dict[str, Callable[..., None]] = {}

X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
Y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2


def row(*pykan: str):
    """The function below tests the row whose first cell holds these names."""

    def keep(function):
        ROWS[", ".join(pykan)] = function
        return function

    return keep


def first_cells() -> list[str]:
    """What stands in the first column, without the marks of code."""
    table = PAGE.read_text(encoding="utf-8").partition("| pykan | kansym | |\n|---|---|---|\n")[2].partition("\n\n")[0]
    return [re.split(r"(?<!\\) \| ", line.removeprefix("| "))[0].replace("`", "") for line in table.splitlines()]


@pytest.fixture(scope="module")
def trained():
    return KAN([2, 1], grid=8, names=["x", "y"], targets=["f"]).fit(X, Y, starts=1, steps=20)


@pytest.fixture
def net(trained):
    return trained.copy()


def drawn(shape=(2, 3, 1)):
    return KAN(shape, seed=1).fit(X, Y, steps=0)


def test_every_row_has_a_test_and_every_test_a_row():
    assert sorted(first_cells()) == sorted(ROWS)


@pytest.mark.parametrize("name", first_cells())
def test_row(name, net, tmp_path, capsys):
    given = {"net": net, "tmp_path": tmp_path, "capsys": capsys}
    function = ROWS[name]
    function(*(given[argument] for argument in function.__code__.co_varnames[: function.__code__.co_argcount]))


@row("the dict of create_dataset(f, n_var=2)")
def _():
    parts = [torch.from_numpy(one) for one in (X[:150], Y[:150, None], X[150:], Y[150:, None])]
    names = ("train_input", "train_label", "test_input", "test_label")
    net = KAN([2, 1]).fit(dict(zip(names, parts, strict=True)), steps=0)
    assert set(net.table.Y[net.table.validation, 0]) == set(Y[150:])


@row("create_dataset_from_data(x, y)")
def _(tmp_path):
    np.savetxt(tmp_path / "data.csv", np.column_stack([X, Y]), delimiter=",", header="a,b,c", comments="")
    for table in (make_dataset(X, Y), read_table(tmp_path / "data.csv", target="c")):
        assert len(KAN([2, 1]).fit(table, steps=0).table.validation) == 40


@row("KAN(width=[2,5,1], grid=5, k=3)")
def _():
    net = KAN([2, 5, 1], grid=5)
    assert [tuple(layer.coefficients.shape) for layer in net.layers] == [(1, 2, 5, 8), (1, 5, 1, 8)]
    assert net.dtype == torch.float64


@row("width=[2,[5,3],1]")
def _():
    net = KAN([2, (5, 3), 1])
    nodes = net.network.trace(torch.from_numpy(X))[1]
    assert torch.allclose(nodes[0][0, :, 7], nodes[1].value[0, :, :, 7].prod(1))
    assert torch.allclose(nodes[0][0, :, 4], nodes[1].value[0, :, :, 4].sum(1))


@row('base_fun="silu"')
def _():
    assert [tuple(layer.coefficients.shape) for layer in KAN([2, 1], base="silu").layers] == [(1, 2, 1, 9)]


@row("affine_trainable=True")
def _():
    assert "layers.0.offset" in dict(KAN([2, 1], train_offsets=True).named_parameters())
    assert "layers.0.offset" not in dict(KAN([2, 1]).named_parameters())


@row("sparse_init=True")
def _():
    modes = KAN([6, 3, 1], fan_in=2, nearest=True).network.layers[0].mode[0]
    assert (modes != EdgeMode.OFF).sum(0).tolist() == [2, 2, 2]


@row("grid_range=[-1,1]")
def _():
    net = KAN([1, 1], input_range=(-3, 3))
    assert net.beyond([[2.9], [4.0]]).tolist() == [[False], [True]]


@row("torch.set_default_dtype(torch.float64)")
def _(net):
    assert KAN([1, 1], dtype=torch.float32).dtype == torch.float32
    assert net.float()(torch.zeros(1, 2)).dtype == torch.float32 and net.double().dtype == torch.float64


@row("model.to(device)")
def _(net):
    assert KAN([1, 1], device="cpu").device.type == "cpu" and net.to("meta").device.type == "meta"


@row("model(x)")
def _(net):
    assert np.allclose(net(torch.from_numpy(X)).detach()[:, 0], net.predict(X))


@row("batch_jacobian(model, x), batch_hessian")
def _(net):
    x = torch.tensor([[0.3, -0.2]], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
    (curvature,) = torch.autograd.grad(slope[0, 1], x)
    assert slope[0].tolist() == pytest.approx([2 * np.cos(0.6), -0.4], abs=1e-2)
    assert curvature[0].tolist() == pytest.approx([0.0, 2.0], abs=0.1)


@row('fit(dataset, opt="LBFGS", steps=50)')
def _():
    net = KAN([2, 1]).fit(X, Y, optimizer="LBFGS", steps=5)
    assert net.error.held_out < 0.1


@row('opt="Adam", lr, batch')
def _():
    net = KAN([2, 1]).fit(X, Y, optimizer="adam", learning_rate=0.1, batch_size=50, steps=30, starts=1)
    assert net.history["validation"].iloc[-1] < 0.5 * net.history["validation"].iloc[0]


@row("lamb, lamb_l1, lamb_entropy")
def _():
    sizes = []
    for lamb in (0.0, 0.1):
        net = KAN([2, 1]).fit(X, Y, lamb=lamb, lamb_l1=2.0, lamb_entropy=1.0, starts=1, steps=10)
        sizes.append(np.std(net.predict(X)))
    assert sizes[1] < 0.95 * sizes[0]


@row("lamb_coefdiff")
def _():
    rough = [
        np.abs(np.diff(KAN([1, 1], grid=20).fit(X[:, :1], Y, smoothness=weight, starts=1).predict(grid), 2)).sum()
        for weight in (1e-9, 1e-2)
        for grid in [np.linspace(-1, 1, 100)[:, None]]
    ]
    assert rough[1] < 0.5 * rough[0]


@row("get_reg(...)")
def _():
    net = drawn()
    x = torch.from_numpy(X)
    net.penalty(x, 0.1).backward()
    one, two = (net.penalty(x, lamb).item() for lamb in (0.1, 0.2))
    assert two == pytest.approx(2 * one)


@row("loss_fn, metrics")
def _():
    def absolute(prediction, target):
        return (prediction - target).abs().mean()

    net = KAN([2, 1]).fit(X, Y, optimizer="adam", steps=5, loss=absolute, metrics=[absolute], starts=1)
    assert np.allclose(net.history["validation"], net.history["absolute"])


@row('results["train_loss"]')
def _(net):
    assert {"step", "training", "validation"} <= set(net.history) and len(net.history) > 5


@row("evaluate(dataset)")
def _(net):
    index = net.table.train
    residual = net.predict(net.table.X[index]) - net.table.Y[index, 0]
    assert net.error.train == pytest.approx(np.sqrt(np.mean(residual**2)))


@row("update_grid_from_samples(x)")
def _():
    net = KAN([1, 1], grid=10).update_grid(np.linspace(2, 3, 50)[:, None])
    assert net.beyond([[2.5], [0.0]]).tolist() == [[False], [True]]


@row("refine(10)")
def _():
    net = drawn()
    before = net.predict(X)
    assert net.refine(10).grid == 10 and np.allclose(net.predict(X), before, atol=1e-12)


@row("prune(), prune_node, prune_edge")
def _():
    net = KAN([2, 2, 1], grid=4).fit(X, Y, lamb=1e-2, starts=2, steps=20)
    done = net.prune(0.02, force=True)
    assert done > 0 and len(done.edges) == done and "removed" in str(done)
    assert net.prune(0.9).taken_back


@row("prune_input()")
def _(net):
    assert net.remove_input("x").predict(X[:, 1:]).shape == (200,) and net.names == ("y",)


@row("remove_edge(l,i,j)")
def _(net):
    assert net.remove_edge((0, 0, 0)).edges["x -> f"].mode == "off"
    assert net.remove_edge("y -> f").edges["0.1.0"].mode == "off"


@row("remove_node(l,i)")
def _():
    assert drawn().remove_node("h1.0").shape == (2, 2, 1)


@row("attribute(), feature_score")
def _(net):
    scores = net.attribute().set_index("name")["score"]
    assert scores["x"] == pytest.approx(np.std(np.sin(2 * X[:, 0])) / Y.std(), rel=0.02)


@row("feature_interaction(l)")
def _(net):
    assert net.interactions().loc[0].tolist() == ["x", "y", pytest.approx(0, abs=1e-12)]


@row("plot()")
def _(net, tmp_path):
    net.figure().savefig(tmp_path / "net.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["net.svg"]


@row("tree()")
def _(net):
    assert net.tree().startswith("f, a sum of\n  spline of x (")


@row('fix_symbolic(l,i,j,"sin")')
def _(net):
    assert net.edges["x -> f"].fix("sin") > 0.9999


@row("fix_symbolic(..., fit_params_bool=False)")
def _(net):
    edge = net.edges["x -> f"]
    edge.fix("sin", a=1.0, b=0.0)
    assert edge.held == ("a", "b") and edge.constants["a"] == pytest.approx(1) and edge.constants["c"] > 0


@row("unfix_symbolic(l,i,j)")
def _(net):
    edge = net.edges["x -> f"]
    edge.fix("sin")
    before = net.predict(X)
    edge.unfix()
    assert edge.mode == "spline" and np.abs(net.predict(X) - before).max() < 1e-3


@row("suggest_symbolic(l,i,j)")
def _(net):
    before = net.predict(X)
    edge = net.edges["x -> f"]
    assert edge.suggest(5)[0].name == "sin" and len(edge.suggest(5)) == 5
    assert edge.suggest(2, primitives=["sin", "exp"], in_context=True)[0].name == "sin"
    assert np.array_equal(net.predict(X), before)


@row("auto_symbolic(lib=[...])")
def _(net):
    assert dict(net.auto(primitives=["x", "x^2", "sin"])) == {"0.0.0": "sin", "0.1.0": "x^2"}


@row("symbolic_formula()")
def _(net):
    assert str(net.symbolify(primitives=["x", "x^2", "sin"])) == "f = y**2 + sin(2*x)" and not net.network.is_symbolic
    net.edges["x -> f"].fix("sin")
    net.edges["y -> f"].fix("x^2")
    assert str(net.formula()) == "f = y**2 + sin(2*x)"


@row("normalizer=, output_normalizer=")
def _():
    x = np.linspace(100, 900, 60)[:, None]
    net = KAN([1, 1]).fit(x, 5000 + 3 * x[:, 0], starts=1, steps=5)
    assert str(net.symbolify(primitives=["x"])) == "y = 3*x0 + 5000"


@row("ex_round(expr, 4)")
def _():
    x = np.linspace(-1, 1, 60)[:, None]
    formula = KAN([1, 1]).fit(x, np.sqrt(1.7) * x[:, 0], starts=1, steps=5).symbolify(primitives=["x"])
    assert formula.text(4) == "1.304*x0" and "1.304" in formula.latex(4)


@row("add_symbolic(name, fun)")
def _(net):
    z = sympy.Symbol("z")
    edge = net.edges["x -> f"]
    assert edge.fix(primitive_from_expression("wave", sympy.sin(z) + z / 100)) > 0.99 and edge.mode == "wave"


@row("SYMBOLIC_LIB")
def _(capsys):
    from kansym.cli import main

    assert {"x^p", "sinh", "lorentzian", "bose", "fermi", "erf", "J0"} <= set(default_library())
    main(["primitives"])
    assert "lorentzian" in capsys.readouterr().out


@row("get_range(l,i,j), get_fun(l,i,j)")
def _(net):
    points = net.edges["x -> f"].curve.points
    assert points.ndim == 2 and np.ptp(points[:, 0]) == pytest.approx(2, rel=0.05)


@row("expand_width(...), expand_depth()")
def _():
    net = drawn()
    before = net.predict(X)
    assert net.widen(1).deepen().shape == (2, 4, 1, 1) and np.allclose(net.predict(X), before, atol=1e-12)


@row("swap(l,i1,i2)")
def _():
    net = drawn()
    before = net.predict(X)
    assert np.allclose(net.swap("h1.0", "h1.1").predict(X), before, atol=1e-12)


@row("copy()")
def _(net):
    other = net.copy()
    other.remove_edge("x -> f")
    assert net.edges["x -> f"].mode == "spline"


@row("rewind, checkout, history")
def _(net):
    net.edges["x -> f"].fix("sin")
    assert net.editor.history[-1] == "fix 0.0.0 (x -> f) to sin"
    net.editor.undo()
    assert net.edges["x -> f"].mode == "spline"
    net.editor.redo()
    assert net.edges["x -> f"].mode == "sin"


@row("fit(..., save_fig=True)")
def _(net, tmp_path):
    net.fit(X, Y, steps=3, starts=1, watch=tmp_path / "training.gif")
    with Image.open(tmp_path / "training.gif") as film:
        assert film.n_frames >= 4


@row("saveckpt, loadckpt")
def _(net, tmp_path):
    assert np.array_equal(KAN.load(net.save(tmp_path / "net.safetensors")).predict(X), net.predict(X))


@row("get_feynman_dataset")
def _():
    from kansym.bench.catalogue import load_catalogue

    assert len(load_catalogue("feynman").names) >= 100


@row("test_separability, detect_separability")
def _(net):
    net.fit(X, X[:, 0] + np.sin(X[:, 1]), steps=20)
    assert separability(net).terms == (("x",), ("y",))
    assert separability(X, X[:, 0] * np.exp(X[:, 1])).factors == (("x0",), ("x1",))


@row("test_symmetry, test_symmetry_var")
def _(net):
    net.fit(X, np.tanh(X[:, 0] - X[:, 1]), steps=20)
    assert symmetry(net, through="x - y").verdict == "holds"
    assert [one for one in symmetries(net) if one.verdict == "holds"]


@row("kanpiler(variables, expr)")
def _():
    network = kan_from_expression("exp(sin(x) + y**2)", names=["x", "y"], X=X)
    expected = np.exp(np.sin(X[:, 0]) + X[:, 1] ** 2)
    assert np.allclose(network(torch.from_numpy(X))[0, :, 0], expected, rtol=1e-12)


@row("a model or checkpoint that you have")
def _(tmp_path):
    with pytest.raises(StorageError, match="there is no file"):
        import_pykan(tmp_path / "0.1")
    # Its outputs are compared with pykan's own formulas in tests/kan/test_pykan.py.
    net = KAN.of(kan_from_expression("sin(2*x) + y**2", ["x", "y"], X=X)).fit(X, Y, steps=0)
    assert net.prune() == 0 and str(net.symbolify()) == "y = x1**2 + sin(2*x0)"
