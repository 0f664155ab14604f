"""Whole searches on small budgets, and what they hand back."""

import numpy as np
import pytest
import sympy

from kansym.dynamics.discovery import discover_dynamics, fit_dynamics
from kansym.dynamics.trajectories import read_trajectories
from kansym.errors import ArgumentError, DataError
from kansym.symbolic.parametric import ParametricForm

QUICK = {"max_seconds": 10, "deterministic": True, "search": False}


@pytest.fixture(scope="module")
def found(noisy_hunters):
    return discover_dynamics(noisy_hunters, **QUICK)


@pytest.mark.long
def test_noisy_hunters_are_lotka_and_volterras(found):
    truth = {"x": {"x": 1.1, "x*y": -0.4}, "y": {"x*y": 0.1, "y": -0.4}}
    for state, formula in zip("xy", found.formulas, strict=True):
        errors = {constant.value: constant.error for constant in formula.constants}
        terms = {}
        for term in sympy.Add.make_args(sympy.expand(formula.expression)):
            coefficient, rest = term.as_coeff_Mul()
            terms[str(rest)] = float(coefficient)
        assert set(terms) == set(truth[state])
        for name, value in terms.items():
            assert abs(value - truth[state][name]) < 4 * errors[value]
            assert errors[value] < 0.01 * abs(value)


@pytest.mark.long
def test_they_are_laws_that_foretell_left_out_runs_and_conserve_a_quantity(found):
    assert [verdict.kind for verdict in found.certificate.verdicts] == ["law", "law"]
    assert len(found.certificate.left_out) == 2
    assert all((one.r2 > 0.95).all() for one in found.certificate.left_out)
    (quantity,) = found.conserved
    assert quantity.expression.has(sympy.log)
    assert quantity.spread < 2


@pytest.mark.long
def test_constants_without_noise_are_exact(make_table):
    t = np.linspace(0, 6, 60)
    table = make_table(lambda _, x: [0.5 - 2 * x[0]], [[3.0], [0.0]], t, ["x"])
    system = discover_dynamics(table, time="t", states="x", trajectory="run", **QUICK)
    assert system.formulas[0].expression == sympy.Rational(1, 2) - 2 * sympy.Symbol("x")
    assert system.certificate.verdicts[0].kind == "law"


@pytest.mark.long
def test_a_pendulum_from_its_angle_alone(make_table):
    def rates(_, x):
        return [x[1], -9.81 / 0.5 * np.sin(x[0]) - 0.3 * x[1]]

    table = make_table(rates, [[2.5, 0.0]], np.linspace(0, 4, 100), ["theta"], noise=0.01)
    units = {"theta": "rad", "t": "s"}
    system = discover_dynamics(table, time="t", states=["theta"], order=2, units=units, **{**QUICK, "max_seconds": 5})
    (formula,) = system.formulas
    theta, rate = sympy.symbols("theta theta_dot")
    gravity, damping = (formula.expression.coeff(part) for part in (sympy.sin(theta), rate))
    errors = {constant.value: constant for constant in formula.constants}
    assert sympy.expand(formula.expression - gravity * sympy.sin(theta) - damping * rate) == 0
    assert abs(float(gravity) + 9.81 / 0.5) < 3 * errors[float(gravity)].error
    assert abs(float(damping) + 0.3) < 3 * errors[float(damping)].error
    assert errors[float(damping)].unit == "1/s"
    assert r"\ddot{\theta}" in system.latex() and r"\dot{\theta}" in system.latex()


@pytest.mark.long
def test_a_force_from_outside_is_an_input(make_table):
    t = np.linspace(0, 10, 100)
    table = make_table(lambda t, x: [-0.7 * x[0] + 1.3 * np.sin(2 * t)], [[1.0]], t, ["x"])
    table["u"] = np.sin(2 * t)
    system = discover_dynamics(table, time="t", states="x", inputs=["u"], **{**QUICK, "max_seconds": 3})
    x, u = sympy.symbols("x u")
    assert float(system.formulas[0].expression.coeff(x)) == pytest.approx(-0.7, abs=1e-3)
    assert float(system.formulas[0].expression.coeff(u)) == pytest.approx(1.3, abs=1e-3)
    again = system.simulate([1.0], t, table["u"])
    assert again[:, 0] == pytest.approx(table["x"].to_numpy(), abs=1e-3)


def test_a_known_form_is_only_fitted(noisy_hunters):
    x, y, a, b, c, d = sympy.symbols("x y a b c d")
    forms = [
        ParametricForm(a * x - b * x * y, (x, y), (a, b), np.array([1.0, 0.3])),
        ParametricForm(c * x * y - d * y, (x, y), (c, d), np.array([0.12, 0.5])),
    ]
    system = fit_dynamics(noisy_hunters, forms)
    values = {one.name: one for formula in system.formulas for one in formula.constants}
    for name, truth in {"a": 1.1, "b": 0.4, "c": 0.1, "d": 0.4}.items():
        assert abs(values[name].value - truth) < 4 * values[name].error


def test_options_without_sense_are_refused(hunters):
    for options in ({"order": 3}, {"max_seconds": -1}, {"seed": -1}):
        with pytest.raises(ArgumentError):
            discover_dynamics(hunters, **options)
    with pytest.raises(DataError, match="time and states"):
        discover_dynamics({"t": [0, 1]})


def test_progress_is_told_in_words(make_table):
    table = make_table(lambda _, x: [-x[0]], [[1.0]], np.linspace(0, 3, 30), ["x"])
    words = []
    discover_dynamics(read_trajectories(table, time="t", states=["x"]), progress=words.append, **QUICK)
    assert "smoothing the states" in words
