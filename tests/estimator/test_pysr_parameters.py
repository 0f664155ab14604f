"""Parameters of PySRRegressor."""

import pytest

from kansym.errors import ArgumentError
from kansym.estimator.pysr_parameters import MAPPED, in_words, translate
from kansym.primitives.library import default_library

# The first example of PySR's documentation.
EXAMPLE = {
    "maxsize": 20,
    "niterations": 40,
    "binary_operators": ["+", "*"],
    "unary_operators": ["cos", "exp", "sin", "inv(x) = 1/x"],
    "extra_sympy_mappings": {"inv": lambda x: 1 / x},
    "elementwise_loss": "loss(prediction, target) = (prediction - target)^2",
}


def test_the_first_example_of_its_documentation():
    own, left = translate(EXAMPLE)
    assert set(own) == {"primitives"}
    assert {"sin", "cos", "exp", "x", "x^2", "x^-1", "gaussian"} <= set(own["primitives"])
    assert not {"log", "tanh", "sqrt", "abs", "J0"} & set(own["primitives"])
    # The loss is least squares and was taken over; there is nothing to say about it.
    assert set(left) == {"maxsize", "niterations", "extra_sympy_mappings"}
    assert "max_seconds" in left["niterations"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"timeout_in_seconds": 30, "random_state": 3}, {"timeout_in_seconds": 30, "random_state": 3}),
        ({"timeout_in_seconds": None, "random_state": None}, {}),
        ({"deterministic": True}, {"deterministic": True}),
        ({"deterministic": False}, {}),
        ({"guesses": ["x0 + x1", "x0^2"]}, {"guesses": ("x0 + x1", "x0^2")}),
        ({"guesses": [["x0 + x1"]]}, {"guesses": ("x0 + x1",)}),
        ({"elementwise_loss": "HuberLoss(1.5)"}, {"loss": "huber"}),
        ({"elementwise_loss": "L2DistLoss()"}, {}),
        ({"elementwise_loss": "f(a,b) = (b-a)^2"}, {}),
    ],
)
def test_what_has_a_counterpart(parameters, expected):
    assert translate(parameters) == (expected, {})


@pytest.mark.parametrize(
    ("parameters", "name", "word"),
    [
        ({"elementwise_loss": "L1DistLoss()"}, "elementwise_loss", "tukey"),
        ({"elementwise_loss": "f(a, b) = (a - a)^2"}, "elementwise_loss", "tukey"),
        ({"expression_spec": object()}, "expression_spec", "templates"),
        ({"guesses": [{"f": "#1 + #2"}]}, "guesses", "templates"),
        ({"random_state": object()}, "random_state", "whole number"),
        ({"unary_operators": ["relu", "exp"]}, "unary_operators", "relu"),
        ({"operators": {1: ["sin"], 2: ["+", "-"], 3: ["muladd"]}}, "operators", "muladd"),
        ({"verbosity": 0}, "verbosity", "prints nothing"),
    ],
)
def test_what_has_none_is_told_with_a_reason(parameters, name, word):
    _, left = translate(parameters)
    assert word in left[name]


def test_operators_are_primitives():
    library = set(default_library())
    for parameters in ({"unary_operators": ["exp"]}, {"operators": {1: ["sin", "tanh"], 2: ["+", "*", "/", "^"]}}):
        own, _ = translate(parameters)
        assert set(own["primitives"]) <= library and "x" in own["primitives"]
    # Without a quotient there is no negative power.
    own, _ = translate({"binary_operators": ["+", "-", "*"]})
    assert not {"x^-1", "x^-2", "lorentzian", "1/sqrt"} & set(own["primitives"]) and "x^3" in own["primitives"]
    own, _ = translate({"binary_operators": ["+", "-", "*", "^"]})
    assert {"x^p", "sqrt", "x^3"} <= set(own["primitives"])
    assert "primitives" not in translate({"niterations": 3})[0]


def test_an_unknown_name_is_an_error():
    with pytest.raises(ArgumentError, match="nitrations is no parameter of PySRRegressor; did you mean niterations"):
        translate({"nitrations": 3})


def test_what_was_left_out_in_one_line():
    _, left = translate({"niterations": 40, "populations": 3, "denoise": True})
    words = in_words(left)
    assert words.startswith("niterations and populations: kansym does not evolve") and "; denoise: " in words
    assert in_words({}) == ""


def test_all_that_is_mapped_is_known():
    for name in MAPPED:
        translate({name: None})
