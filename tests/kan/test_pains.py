"""What users of KANs complained about elsewhere, by number of issue, does not happen here.

Numbers with # are issues of KindXiaoming/pykan.
"""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from kansym import KAN, ArgumentError, DataError

ROOT = Path(__file__).parents[2]
X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
Y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2


@pytest.fixture(scope="module")
def trained():
    return KAN([2, 1], grid=8, names=["x", "y"], targets=["f"]).fit(X, Y, starts=1, steps=20)


@pytest.fixture
def net(trained):
    return trained.copy()


class Counting(TorchDispatchMode):
    """Counts the operations of torch within its block."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += 1
        return func(*args, **(kwargs or {}))


def test_01_no_loop_over_edges():
    """#14, #38, #553: slow, on a GPU as well."""
    counts = []
    for width in (2, 30):
        net = KAN([2, width, 1])
        with Counting() as mode, torch.no_grad():
            net(torch.from_numpy(X))
        counts.append(mode.count)
    assert counts[0] == counts[1]


def test_02_no_tensor_is_left_behind_on_another_device(net):
    """#5, #12, #52, #472."""
    net.edges["x -> f"].fix("sin")
    moved = net.copy().to("meta")
    assert {one.device.type for one in (*moved.parameters(), *moved.buffers())} == {"meta"}
    assert not [name for name, value in vars(moved).items() if isinstance(value, torch.Tensor)]


def test_03_few_rows_give_no_nan():
    """#218, #396, #457, #510."""
    few = KAN([2, 5, 1], grid=10).fit(X[:8], Y[:8], steps=15)
    assert np.isfinite(few.predict(X)).all() and few.prune(0.5, force=True) > 0
    assert np.isfinite(few.fit(X[:8], Y[:8], steps=5).predict(X)).all()
    wide = KAN([19, 1]).fit(np.random.default_rng(1).normal(size=(60, 19)), Y[:60], steps=5, starts=1)
    assert np.isfinite(wide.error.held_out)


def test_04_automatic_functions_give_no_nan():
    """#89."""
    x = np.linspace(0.01, 2, 80)[:, None]
    net = KAN([1, 1], grid=12).fit(x, np.log(x[:, 0]), starts=1)
    net.auto()
    assert np.isfinite(net.predict(x)).all() and np.isfinite(net.predict(np.linspace(0.01, 2, 999)[:, None])).all()


@pytest.mark.parametrize("size", [1e-4, 1e4])
def test_05_a_clear_sine_is_one_at_any_amplitude(size):
    """PR 415, #62: set to zero, or to something else."""
    x = np.linspace(0, 100, 120)[:, None]
    net = KAN([1, 1], grid=14).fit(x, size * np.sin(0.05 * np.pi * x[:, 0] + 1), starts=1)
    assert net.edges[0].suggest(1)[0].name == "sin" and 1 - net.edges[0].fix("sin") < 1e-4


def test_06_the_formula_is_not_worse_than_the_network(net):
    """#206, #276."""
    formula = net.symbolify(primitives=["x", "x^2", "sin", "exp"])
    rest = formula.predict(X) - Y
    assert np.sqrt(np.mean(rest**2)) <= net.error.train


def test_07_products_of_three_are_the_network():
    """#404, #472: wrong for products of other than two."""
    x = np.random.default_rng(2).uniform(0.5, 2, (150, 3))
    y = x[:, 0] * x[:, 1] ** 2 * np.exp(x[:, 2])
    net = KAN([3, (0, 1), 1], names=["a", "b", "c"], targets=["y"]).fit(x, y, steps=0)
    for edge, function in zip(net.edges, ["x", "x^2", "exp", "x"], strict=True):
        edge.fix(function, a=1.0, b=0.0, c=1.0, d=0.0)
    # Not trained: the mean of y is in the offset of the last node, which the formula has no use for.
    assert np.allclose(net.predict(x) - y, net.predict(x)[0] - y[0], rtol=1e-9)
    assert np.allclose(net.formula().predict(x), y, rtol=1e-9)


def test_08_formulas_are_simplified(net):
    """#154."""
    assert str(net.symbolify(primitives=["x", "x^2", "sin"])) == "f = y**2 + sin(2*x)"


def test_09_rounding_never_divides_by_zero():
    """#174, #286, #289, #480."""
    x = np.linspace(1, 2, 60)[:, None]
    formula = KAN([1, 1]).fit(x, 1e-7 / x[:, 0] + 3e-9, starts=1).symbolify(primitives=["x", "x^-1"])
    assert all(formula.text(digits) and formula.latex(digits) for digits in (1, 2, 8))


def test_10_functions_are_defined_on_the_rows(net):
    """#289: sqrt of negative numbers."""
    before = net.predict(X)
    with pytest.raises(ArgumentError, match=r"not defined|finite"):
        net.edges["x -> f"].fix("sqrt", a=1.0, b=0.0)
    assert np.array_equal(net.predict(X), before)
    assert np.isfinite(net.symbolify(primitives=["sqrt", "log", "asin", "sin", "x^2"]).predict(X)).all()


def test_11_another_seed_has_the_same_formula():
    """#62, #474."""
    found = {
        str(KAN([2, 1], grid=8, seed=seed).fit(X, Y, starts=2).symbolify(primitives=["x", "x^2", "sin", "exp"]))
        for seed in (1, 2)
    }
    assert found == {"y = x1**2 + sin(2*x0)"}


def test_12_the_seed_decides_and_nothing_global_does():
    """#210, #236, #318, #397."""
    outputs = []
    for noise in (1, 2):
        torch.manual_seed(noise)
        before = torch.get_rng_state()
        net = KAN([2, 2, 1], seed=3).fit(X, Y, starts=4, steps=5)
        assert torch.equal(torch.get_rng_state(), before)
        outputs.append(net.predict(X))
    assert np.array_equal(*outputs)


def test_13_nothing_hangs_on_the_last_forward_pass(net):
    """#508."""
    before = str(net.edges["x -> f"].suggest(3))
    net(torch.full((5, 2), 0.1))
    net.predict(X[:3])
    assert str(net.edges["x -> f"].suggest(3)) == before


def test_14_a_square_has_no_inner_constants(net):
    """#264: x^2 with a = -8.3."""
    net.edges["y -> f"].fix("x^2")
    constants = net.edges["y -> f"].constants
    assert abs(constants["a"]) == 1 and constants["c"] == pytest.approx(1, rel=1e-2)


def test_15_many_rows_take_little_memory():
    """#446, #550: 102 GB for a suggestion."""
    rows = np.random.default_rng(3).uniform(-1, 1, (100_000, 1))
    net = KAN([1, 1], grid=8).fit(rows, np.sin(2 * rows[:, 0]), starts=1, steps=6)
    assert net.edges[0].suggest(1, primitives=["x", "exp", "sin"])[0].name == "sin"


def test_16_steps_change_the_network_and_copies_do_not(net):
    """#240, #340, #425: copy or in place?"""
    other = net.copy()
    assert net.remove_edge("x -> f") is net and net.refine(16) is net and net.fit(X, Y, steps=1) is net
    assert other.edges["x -> f"].mode == "spline" and other.grid == 8


def test_17_pruning_does_not_crash(net):
    """#313, #329, #358, #399."""
    net.edges["x -> f"].fix("sin")
    assert net.prune() == 0 and net.prune(0.9, force=True) == 1
    net.remove_edge(next(edge.id for edge in net.edges.active))
    assert net.prune() == 0 and not np.ptp(net.predict(X))
    both = KAN([2, 3, 2]).fit(X, np.column_stack([X[:, 0], X[:, 1]]), lamb=1e-2, starts=2, steps=15)
    assert both.prune(0.3, force=True) > 0 and np.isfinite(both.predict(X)).all()


def test_18_products_and_quotients_are_learned():
    """#111, #212: x*y; efficient-kan #55: 1/x."""
    product = KAN([2, (0, 1), 1], grid=3).fit(X, X[:, 0] * X[:, 1])
    assert product.error.held_out < 1e-5
    x = np.linspace(0.2, 3, 100)[:, None]
    inverse = KAN([1, 1], grid=10).fit(x, 1 / x[:, 0], starts=1)
    assert str(inverse.symbolify()) == "y = 1/x0"


def test_19_beyond_the_grid_is_a_line_and_a_remark(net, caplog):
    """#19, #71, #142, #385: dead splines."""
    with caplog.at_level(logging.WARNING):
        values = net.predict([[0, 2.0], [0, 3.0], [0, 4.0]])
    assert values[2] - values[1] == pytest.approx(values[1] - values[0]) and values[1] - values[0] > 1
    assert "beyond the grid of y" in caplog.text


def test_20_noise_is_not_learned():
    """#165, #448."""
    rng = np.random.default_rng(4)
    net = KAN([2, 1], grid=20).fit(X, Y + 0.3 * rng.normal(size=200), starts=1)
    assert np.sqrt(np.mean((net.predict(X) - Y) ** 2)) < 0.2


def test_21_finer_grids_do_not_blow_up(net):
    """#201, #314."""
    before = net.error.held_out
    for grid in (16, 50, 200):
        net.refine(grid).fit(X, Y, steps=3)
        assert net.error.held_out <= before * (1 + 1e-9) and np.abs(net.predict(X)).max() < 3


def test_22_defaults_do():
    """#225, #264, #456: too many knobs."""
    for y in (Y, 1e6 * Y, np.exp(X[:, 0] + X[:, 1]) + 1e4):
        net = KAN([2, 2, 1]).fit(X, y, steps=30)
        assert net.error.held_out < 0.02 * y.std()


def test_23_what_is_saved_is_loaded(net, tmp_path):
    """#178, #271, #353, #452, #497."""
    net.edges["x -> f"].fix("sin")
    again = KAN.load(net.save(tmp_path / "net.safetensors")).fit(X, Y, steps=0)
    assert np.array_equal(again.predict(X), net.predict(X)) and again.edges["x -> f"].mode == "sin"
    again.edges["y -> f"].fix("x^2")
    assert str(again.formula()) == "f = y**2 + sin(2*x)"


def test_24_pictures_need_no_window_and_no_files(net, tmp_path, monkeypatch):
    """#347, #440, #472, PR 241."""
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    figure = net.figure()
    assert not list(tmp_path.iterdir()) and not plt.get_fignums() and len(figure.axes[0].patches) > 2


@pytest.mark.parametrize(
    ("inputs", "targets"), [(X, Y[None]), (X, Y[:100]), (np.hstack([X, X]), Y), (X[:, 0], Y), (X, np.stack([Y, Y], 1))]
)
def test_25_shapes_that_do_not_fit_are_refused(inputs, targets):
    """#243: labels (n,) that broadcast; #551: surplus columns."""
    with pytest.raises(DataError, match="must have shape"):
        KAN([2, 1]).fit(inputs, targets)


def test_25_labels_of_either_shape_are_the_same():
    one, two = (KAN([2, 1]).fit(X, y, starts=1, steps=3) for y in (Y, Y[:, None]))
    assert np.array_equal(one.predict(X), two.predict(X))
    with pytest.raises(DataError, match="one column for each input"):
        one.predict(np.hstack([X, X]))


def test_26_formulas_are_in_the_units_of_the_data():
    """#125, PR 126."""
    x = np.linspace(100, 900, 60)[:, None]
    net = KAN([1, 1]).fit(x, 5000 + 3 * x[:, 0], starts=1, steps=5)
    assert str(net.symbolify(primitives=["x"])) == "y = 3*x0 + 5000"


def test_27_predictions_also_of_several_outputs(net):
    """#209, #353, #487."""
    assert net.predict(X).shape == (200,)
    both = KAN([2, 2]).fit(X, np.column_stack([Y, -Y]), starts=1, steps=15)
    assert both.predict(X).shape == (200, 2) and np.allclose(both.predict(X).sum(1), 0, atol=0.05)
    assert [str(one) for one in both.symbolify(primitives=["x", "x^2", "sin"])] == [
        "y0 = x1**2 + sin(2*x0)",
        "y1 = -x1**2 - sin(2*x0)",
    ]


def test_28_the_pages_are_run():
    """#313, #358, PR 512: stale documentation."""
    tests = (ROOT / "tests/docs/test_pages.py").read_text(encoding="utf-8")
    elsewhere = tests.partition("ELSEWHERE = ")[2].partition("\n")[0]
    for page in ("howto/kan_by_hand.md", "coming-from-pykan.md"):
        # Blocks of Python on a page are run unless it is named there.
        assert "```python\n" in (ROOT / "docs" / page).read_text(encoding="utf-8") and page not in elsewhere


def test_29_there_is_a_comparison():
    """#196."""
    from kansym.comparison.peers import PEERS

    assert "pykan" in str(PEERS)


def test_30_a_grid_over_few_or_equal_rows():
    """efficient-kan #4: least squares crash; #27: no formulas."""
    net = KAN([2, 2, 1], grid=20, seed=1)
    for rows in (X[:3], np.repeat(X[:1], 5, axis=0), np.zeros((4, 2))):
        assert np.isfinite(net.copy().update_grid(rows).predict(X)).all()
