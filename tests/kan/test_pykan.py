"""Import of pykan models, against a plain evaluation of pykan's formulas; pykan itself is not needed.

`benchmarks/pykan_import.py` does the same with models that pykan has trained.
"""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from kansym import import_pykan
from kansym.errors import ArgumentError, KansymError, MissingDependencyError, StorageError
from kansym.kan.network import Network
from kansym.kan.persistence import load_network, save_network
from kansym.kan.pykan import FUNCTIONS
from kansym.kan.training import TrainingOptions, train
from kansym.primitives.library import default_library

# pykan's library: names and functions.
LIBRARY = {
    "x": lambda z: z, "x^2": lambda z: z**2, "x^3": lambda z: z**3, "x^4": lambda z: z**4, "x^5": lambda z: z**5,
    "1/x": lambda z: 1 / z, "1/x^2": lambda z: 1 / z**2, "1/x^3": lambda z: 1 / z**3, "1/x^4": lambda z: 1 / z**4,
    "1/x^5": lambda z: 1 / z**5, "sqrt": np.sqrt, "x^0.5": np.sqrt, "x^1.5": lambda z: np.sqrt(z) ** 3,
    "1/sqrt(x)": lambda z: 1 / np.sqrt(z), "1/x^0.5": lambda z: 1 / np.sqrt(z), "exp": np.exp, "log": np.log,
    "abs": np.abs, "sin": np.sin, "cos": np.cos, "tan": np.tan, "tanh": np.tanh, "sgn": np.sign, "arcsin": np.arcsin,
    "arccos": np.arccos, "arctan": np.arctan, "arctanh": np.arctanh, "0": lambda z: 0 * z,
    "gaussian": lambda z: np.exp(-(z**2)),
}  # fmt: skip
BASES = {"silu": lambda z: z / (1 + np.exp(-z)), "identity": lambda z: z, "zero": lambda z: 0 * z}


def _pykan_bases(x, grid, k):
    """Cox-de Boor over whole intervals, zero beyond the grid: (n, in) and (in, m) to (n, in, m - k - 1)."""
    x = x[:, :, None]
    bases = ((x >= grid[:, :-1]) & (x < grid[:, 1:])).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        for d in range(1, k + 1):
            left = (x - grid[:, : -d - 1]) / (grid[:, d:-1] - grid[:, : -d - 1]) * bases[..., :-1]
            right = (grid[:, d + 1 :] - x) / (grid[:, d + 1 :] - grid[:, 1:-d]) * bases[..., 1:]
            bases = np.nan_to_num(left + right, posinf=0.0, neginf=0.0)
    return bases


def _pykan_output(config, state, x):
    """MultKAN.forward of pykan 0.2.8 in numpy."""
    base, k = BASES[config["base_fun_name"]], config["k"]
    for number in range(len(config["width"]) - 1):
        get = {name.split(f"act_fun.{number}.")[-1]: tensor.numpy() for name, tensor in state.items()}
        spline = np.einsum("nik,ijk->nij", _pykan_bases(x, get["grid"], k), get["coef"])
        edges = get["mask"] * (get["scale_base"] * base(x)[:, :, None] + get["scale_sp"] * spline)
        if config["symbolic_enabled"]:
            mask, affine = (state[f"symbolic_fun.{number}.{name}"].numpy() for name in ("mask", "affine"))
            for j, i in np.argwhere(mask).tolist():
                a, b, c, d = affine[j, i]
                edges[:, i, j] += mask[j, i] * (
                    c * LIBRARY[config[f"symbolic.funs_name.{number}"][j][i]](a * x[:, i] + b) + d
                )
        sub = edges.sum(1) * state[f"subnode_scale_{number}"].numpy() + state[f"subnode_bias_{number}"].numpy()
        sums, products = config["width"][number + 1]
        arity = config["mult_arity"]
        factors = [arity] * products if isinstance(arity, int) else arity[number + 1]
        nodes, start = [sub[:, j] for j in range(sums)], sums
        for count in factors:
            nodes.append(sub[:, start : start + count].prod(1))
            start += count
        x = np.stack(nodes, 1) * state[f"node_scale_{number}"].numpy() + state[f"node_bias_{number}"].numpy()
    return x


def _model(width, *, arity=2, k=3, grid=4, base="silu", seed=0, affine=True, functions=True, empty=False):
    """A configuration and a state as pykan writes them, with random numbers and grids that follow no pattern."""
    generator = np.random.default_rng(seed)
    config = {
        "width": width, "grid": grid, "k": k, "mult_arity": arity, "base_fun_name": base, "symbolic_enabled": functions,
        "affine_trainable": affine, "grid_eps": 0.02, "grid_range": [-1, 1], "sp_trainable": True, "sb_trainable": True,
        "state_id": 0, "auto_save": True, "ckpt_path": "./model", "round": 0, "device": "cpu",
    }  # fmt: skip
    state = {}
    for number in range(len(width) - 1):
        n_in, (sums, products) = sum(width[number]), width[number + 1]
        factors = arity * products if isinstance(arity, int) else sum(arity[number + 1])
        n_out = sums + factors
        inner = np.cumsum(generator.uniform(0.05, 1.0, (n_in, grid + 1)), 1) * 2 / grid - 1.2
        if empty:
            inner[0] = 0.3
        step = (inner[:, -1:] - inner[:, :1]) / grid
        beyond = step * np.arange(1, k + 1)
        knots = np.concatenate([inner[:, :1] - beyond[:, ::-1], inner, inner[:, -1:] + beyond], 1)
        mask = (generator.uniform(size=(n_in, n_out)) < 0.8) * 1.0
        names = generator.choice(["sin", "x^2", "gaussian", "arctan", "0", "exp"], (n_out, n_in))
        symbolic = (generator.uniform(size=(n_out, n_in)) < 0.4) * 1.0
        layer = {
            f"act_fun.{number}.grid": knots,
            f"act_fun.{number}.coef": generator.normal(size=(n_in, n_out, grid + k)),
            f"act_fun.{number}.mask": mask,
            f"act_fun.{number}.scale_base": generator.normal(size=(n_in, n_out)),
            f"act_fun.{number}.scale_sp": generator.normal(size=(n_in, n_out)),
            f"symbolic_fun.{number}.mask": symbolic,
            f"symbolic_fun.{number}.affine": generator.normal(size=(n_out, n_in, 4)),
            f"node_bias_{number}": generator.normal(size=sums + products) * affine,
            f"node_scale_{number}": generator.normal(size=sums + products) if affine else np.ones(sums + products),
            f"subnode_bias_{number}": generator.normal(size=n_out) * affine,
            f"subnode_scale_{number}": generator.normal(size=n_out) if affine else np.ones(n_out),
        }
        state.update({name: torch.as_tensor(value, dtype=torch.float64) for name, value in layer.items()})
        config[f"symbolic.funs_name.{number}"] = names.tolist()
    return config, state


def _live(config, state):
    """What `import_pykan` reads of a model in memory."""
    depth = len(config["width"]) - 1
    return SimpleNamespace(
        state_dict=lambda: state,
        symbolic_fun=[SimpleNamespace(funs_name=config[f"symbolic.funs_name.{number}"]) for number in range(depth)],
        **{name: config[name] for name in ("width", "mult_arity", "base_fun_name", "symbolic_enabled")},
    )


def _saved(folder, config, state):
    """A checkpoint; every JSON text is YAML."""
    (folder / "0.1_config.yml").write_text(json.dumps(config))
    torch.save(state, folder / "0.1_state")
    return folder / "0.1"


def _rows(n, d, seed=0, reach=3.0):
    return np.random.default_rng(seed).uniform(-reach, reach, (n, d))


def _outputs(network, x):
    return network(torch.from_numpy(x))[0].numpy()


WIDTHS = [[[2, 0], [1, 0]], [[2, 0], [3, 0], [1, 0]], [[3, 0], [2, 1], [1, 1]], [[2, 0], [0, 2], [2, 0], [1, 2]]]


@settings(max_examples=40)
@given(
    width=st.sampled_from(WIDTHS),
    arity=st.integers(2, 4),
    k=st.integers(1, 5),
    grid=st.integers(1, 6),
    base=st.sampled_from(sorted(BASES)),
    affine=st.booleans(),
    functions=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_outputs_are_those_of_pykans_formulas_on_the_grid_and_off_it(width, seed, **options):
    config, state = _model(width, seed=seed, **options)
    x = _rows(40, width[0][0], seed)
    with np.errstate(over="ignore", invalid="ignore"):
        expected = _pykan_output(config, state, x)
    # Functions of products of products may leave the range of doubles.
    assume(np.isfinite(expected).all())
    network = import_pykan(_live(config, state))
    assert isinstance(network, Network) and network.population == 1
    assert_allclose(_outputs(network, x), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_each_product_node_has_its_arity():
    config, state = _model([[3, 0], [1, 3], [1, 0]], arity=[[], [2, 3, 4], []], seed=3)
    x = _rows(50, 3)
    network = import_pykan(_live(config, state))
    assert network.shape == (3, 10, (1, 3), 4, 1)
    assert_allclose(_outputs(network, x), _pykan_output(config, state, x), rtol=1e-9, atol=1e-9)
    assert import_pykan(_live(*_model([[3, 0], [1, 2], [1, 0]], affine=False))).shape == (3, 5, (1, 2), 1)


def test_single_precision_is_read_as_it_is():
    config, state = _model([[2, 0], [3, 0], [1, 0]], seed=5)
    state = {name: tensor.float() for name, tensor in state.items()}
    expected = _pykan_output(config, {name: tensor.double() for name, tensor in state.items()}, _rows(50, 2))
    assert_allclose(_outputs(import_pykan(_live(config, state)), _rows(50, 2)), expected, rtol=1e-9, atol=1e-9)


def test_a_node_whose_samples_were_alike_has_no_spline():
    config, state = _model([[2, 0], [1, 0]], empty=True)
    x = _rows(50, 2)
    assert_allclose(_outputs(import_pykan(_live(config, state)), x), _pykan_output(config, state, x), atol=1e-9)


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_every_function_of_pykan_is_known(name):
    config, state = _model([[1, 0], [1, 0]], affine=False)
    config["symbolic.funs_name.0"] = [[name]]
    state["act_fun.0.mask"][:], state["symbolic_fun.0.mask"][:] = 0.0, 1.0
    state["symbolic_fun.0.affine"][:] = torch.tensor([0.4, 0.5, -1.3, 0.7])
    x = np.linspace(-1, 1, 21)[:, None]
    network = import_pykan(_live(config, state))
    assert_allclose(_outputs(network, x), _pykan_output(config, state, x), rtol=1e-12, atol=1e-13)
    assert network.is_symbolic


def test_a_function_of_ones_own_comes_from_the_library():
    config, state = _model([[1, 0], [1, 0]], affine=False)
    config["symbolic.funs_name.0"], state["symbolic_fun.0.mask"][:] = [["bump"]], 1.0
    with pytest.raises(ArgumentError, match="function 'bump' on the edge from node 0 to sub-node 0 of layer 0"):
        import_pykan(_live(config, state))
    network = import_pykan(_live(config, state), library={"bump": default_library()["sech"]})
    assert [primitive.name for primitive in network.primitives] == ["sech"]


def test_functions_that_are_called_otherwise_are_in_the_library():
    assert set(FUNCTIONS.values()) <= set(default_library())


def test_a_checkpoint_gives_the_same_network(tmp_path):
    config, state = _model([[2, 0], [2, 1], [1, 0]], seed=7)
    path, x = _saved(tmp_path, config, state), _rows(30, 2)
    for name in (path, str(path), f"{path}_config.yml", f"{path}_state"):
        assert_allclose(_outputs(import_pykan(name), x), _pykan_output(config, state, x), rtol=1e-9, atol=1e-9)


def test_imported_networks_are_stored_and_trained(tmp_path):
    config, state = _model([[2, 0], [3, 0], [1, 0]], seed=1, affine=False, functions=False)
    network, x = import_pykan(_live(config, state)), torch.from_numpy(_rows(300, 2, reach=0.8))
    assert torch.equal(load_network(save_network(network, tmp_path))[0](x), network(x))
    y = torch.sin(2 * x[:, :1]) + x[:, 1:] ** 2
    before = float((network(x)[0] - y).square().mean())
    result = train(network, x, y, TrainingOptions(steps=30, smoothness=1e-8))
    assert float(result.train_loss) < 1e-4 * before
    assert not torch.equal(result.network.layers[1].half_width, network.layers[1].half_width)  # nodes were rescaled


class TestRefusals:
    def test_missing_files_are_named(self, tmp_path):
        with pytest.raises(StorageError, match=r"there is no file .*0.1_config.yml; give the path"):
            import_pykan(tmp_path / "0.1")

    def test_without_yaml_the_extra_is_named(self, tmp_path, monkeypatch):
        path = _saved(tmp_path, *_model([[1, 0], [1, 0]]))
        monkeypatch.setitem(__import__("sys").modules, "yaml", None)
        with pytest.raises(MissingDependencyError, match=r"kansym\[yaml\]"):
            import_pykan(path)

    def test_code_in_a_state_is_not_run(self, tmp_path):
        class Trap:
            def __reduce__(self):
                return (open, (str(tmp_path / "trapped"), "w"))

        path = _saved(tmp_path, *_model([[1, 0], [1, 0]]))
        torch.save({"act_fun.0.grid": Trap()}, f"{path}_state")
        with pytest.raises(StorageError, match="cannot be read as tensors alone"):
            import_pykan(path)
        assert not (tmp_path / "trapped").exists()

    def test_code_in_a_configuration_is_not_run(self, tmp_path):
        path = _saved(tmp_path, *_model([[1, 0], [1, 0]]))
        target = tmp_path / "trapped"
        (tmp_path / "0.1_config.yml").write_text(f"width: !!python/object/apply:os.mkdir [{str(target)!r}]")
        with pytest.raises(StorageError, match="plain YAML"):
            import_pykan(path)
        assert not target.exists()

    @pytest.mark.parametrize("text", ["", "[", "3", "- a", "width: [[1, 0]]", "width: {a: 1}", "a: &a [*a]", "\x00"])
    def test_other_configurations(self, tmp_path, text):
        path = _saved(tmp_path, *_model([[1, 0], [1, 0]]))
        (tmp_path / "0.1_config.yml").write_text(text)
        with pytest.raises(KansymError) as caught:
            import_pykan(path)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"width": [[1, 0]]}, "width"),
            ({"width": [[1, 0], [0, 0]]}, "width"),
            ({"width": [[1, 0], [-1, 2]]}, "width"),
            ({"width": [[2, 0], [1, 0]]}, "do not go with 2 nodes and 1 sub-nodes"),
            ({"mult_arity": "two"}, "mult_arity"),
            ({"mult_arity": [[], [2]]}, "mult_arity"),
            ({"base_fun_name": "relu"}, "base_fun must be one of silu, identity, zero, it is 'relu'"),
            ({"base_fun_name": ["silu"]}, "base_fun"),
            ({"symbolic.funs_name.0": []}, "does not name a function"),
        ],
    )
    def test_other_settings(self, changes, message):
        config, state = _model([[1, 0], [1, 0]])
        state["symbolic_fun.0.mask"][:] = 1.0
        with pytest.raises(ArgumentError, match=message):
            import_pykan(_live({**config, **changes}, state))

    @pytest.mark.parametrize(
        ("name", "tensor", "message"),
        [
            ("act_fun.0.coef", None, "act_fun.0.coef must be a tensor, it is .*NoneType"),
            ("act_fun.0.mask", torch.ones(2, 2), r"act_fun.0.mask must be a tensor of shape \(1, 1\), it is \(2, 2\)"),
            ("act_fun.0.grid", torch.linspace(1, -1, 11)[None], "does not ascend"),
            ("act_fun.0.grid", torch.full((1, 11), math.nan), "act_fun.0.grid is not finite"),
            ("act_fun.0.coef", torch.full((1, 1, 7), math.inf), "act_fun.0.coef is not finite"),
            ("act_fun.0.coef", torch.ones(1, 1, 2), "degree 1 to 5, they are of 8"),
            ("node_scale_0", torch.ones(3), "node_scale_0"),
        ],
    )
    def test_other_tensors(self, name, tensor, message):
        config, state = _model([[1, 0], [1, 0]])
        with pytest.raises(ArgumentError, match=message):
            import_pykan(_live(config, {**state, name: tensor}))

    @pytest.mark.parametrize("model", [3, None, torch.nn.Linear(1, 1)])
    def test_other_objects(self, model):
        with pytest.raises(ArgumentError, match="model must be a model of pykan"):
            import_pykan(model)
