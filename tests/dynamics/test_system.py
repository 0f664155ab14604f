"""`System`: simulation, Jacobian, fixed points, LaTeX, code that runs, text, record, page and figures."""

import json
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
import scipy.integrate
import sympy

from kansym.conserved.flow import conserved_quantities
from kansym.dynamics.code import LANGUAGES, system_code
from kansym.dynamics.discovery import fit_dynamics
from kansym.dynamics.drawing import FIGURES
from kansym.dynamics.equilibria import kind
from kansym.dynamics.page import system_html, write_folder
from kansym.dynamics.text import record, text_report
from kansym.dynamics.trajectories import read_trajectories
from kansym.errors import ArgumentError
from kansym.symbolic.parametric import ParametricForm

X, Y, A, B, C, D = sympy.symbols("x y a b c d")


@pytest.fixture(scope="module")
def hunt(hunters):
    forms = [
        ParametricForm(A * X - B * X * Y, (X, Y), (A, B), np.array([1.1, 0.4])),
        ParametricForm(C * X * Y - D * Y, (X, Y), (C, D), np.array([0.1, 0.4])),
    ]
    return fit_dynamics(hunters, forms)


@pytest.fixture(scope="module")
def swing(make_table):
    """An undamped pendulum, from its angle."""
    theta, rate, k = sympy.symbols("theta theta_dot k")
    table = make_table(lambda _, x: [x[1], -4 * np.sin(x[0])], [[2.0, 0.0]], np.linspace(0, 5, 60), ["theta"], 1e-3)
    data = read_trajectories(table, time="t", states=["theta"])
    return fit_dynamics(data, [ParametricForm(-k * sympy.sin(theta), (theta, rate), (k,), np.array([3.9]))], order=2)


def test_simulation_is_that_of_scipy(hunt):
    t = np.linspace(0, 6, 30)
    expected = scipy.integrate.solve_ivp(
        lambda _, x: [1.1 * x[0] - 0.4 * x[0] * x[1], 0.1 * x[0] * x[1] - 0.4 * x[1]],
        (0, 6), [7.0, 3.0], t_eval=t, rtol=1e-10, atol=1e-10,
    ).y.T  # fmt: skip
    assert hunt.simulate({"x": 7.0, "y": 3.0}, t) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("x0", "t", "words"),
    [
        ({"x": 1.0}, [0, 1], "lacks"),
        ([1.0], [0, 1], "2 numbers"),
        ([1.0, 1.0], [1, 0], "increasing"),
        ([1e7, 1e7], [0, 1], "no trajectory"),
    ],
)
def test_simulations_without_sense_are_refused(hunt, x0, t, words):
    with pytest.raises(ArgumentError, match=words):
        hunt.simulate(x0, t)


def test_fixed_points_are_those_of_the_equations(hunt):
    kinds = {one.kind: one.point for one in hunt.fixed_points()}
    assert list(kinds["saddle"].values()) == pytest.approx([0.0, 0.0], abs=1e-9)
    # Rounding of the constants decides between a centre and a focus.
    rest = next(point for name, point in kinds.items() if name != "saddle")
    assert list(rest.values()) == pytest.approx([4.0, 2.75], rel=1e-4)


@pytest.mark.parametrize(
    ("eigenvalues", "name"),
    [
        ([-1, -2], "stable node"),
        ([1 + 2j, 1 - 2j], "unstable focus"),
        ([1, -1], "saddle"),
        ([2j, -2j], "centre"),
        ([0, -1], "degenerate"),
    ],
)
def test_kinds_of_fixed_points(eigenvalues, name):
    assert kind(np.array(eigenvalues, dtype=complex)) == name


def test_the_jacobian_is_exact(swing):
    theta = sympy.Symbol("theta")
    k = swing.formulas[0].constants[0].value
    expected = sympy.Matrix([[0, 1], [-k * sympy.cos(theta), 0]])
    assert (swing.jacobian() - expected).applyfunc(sympy.simplify).norm() < 1e-9


def test_energy_is_conserved_and_that_of_a_damped_system_is_not(swing, make_table):
    (energy,) = conserved_quantities(swing)
    theta, rate = sympy.symbols("theta theta_dot")
    ratio = energy.expression.coeff(rate**2) / energy.expression.coeff(sympy.cos(theta))
    assert float(ratio) == pytest.approx(-0.5 / swing.formulas[0].constants[0].value, rel=1e-6)
    assert "within 1.1 errors, 120 % of" in str(replace(energy, spread=1.1, share=1.2))
    table = make_table(lambda _, x: [x[1], -x[0] - 0.2 * x[1]], [[1.0, 0.0]], np.linspace(0, 8, 50), ["x"], 1e-3)
    x, v, k, b = sympy.symbols("x x_dot k b")
    form = ParametricForm(-k * x - b * v, (x, v), (k, b), np.array([1.0, 0.2]))
    damped = fit_dynamics(read_trajectories(table, time="t", states=["x"]), [form], order=2)
    assert conserved_quantities(damped) == ()


def test_latex_has_dots_over_states(swing, hunt):
    assert r"\ddot{\theta} &=" in swing.latex()
    assert hunt.latex().count(r"\dot") == 2


def test_python_code_integrates_as_the_system_does(swing):
    scope = {}
    exec(system_code(swing, "python"), scope)
    t = np.linspace(0, 3, 20)
    found = scipy.integrate.solve_ivp(scope["rhs"], (0, 3), [1.0, 0.5], t_eval=t, rtol=1e-10, atol=1e-10).y.T
    assert found == pytest.approx(swing.simulate([1.0, 0.5], t), rel=1e-6, abs=1e-7)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_c_code_has_the_same_rates(hunt, tmp_path):
    main = """
    #include <stdio.h>
    int main(void) { double x[2] = {7, 3}, d[2]; rhs(0, x, 0, d); printf("%.17g %.17g", d[0], d[1]); return 0; }
    """
    (tmp_path / "system.c").write_text(system_code(hunt, "c") + main)
    subprocess.run(["cc", "-o", "system", "system.c", "-lm"], cwd=tmp_path, check=True)
    values = subprocess.run([tmp_path / "system"], capture_output=True, check=True, text=True).stdout.split()
    expected = [float(rate.subs({X: 7, Y: 3})) for rate in hunt.rates]
    assert [float(value) for value in values] == pytest.approx(expected, rel=1e-14)


def test_julia_code_is_julia(swing):
    import tree_sitter
    import tree_sitter_julia

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_julia.language()))
    tree = parser.parse(system_code(swing, "julia").encode())
    assert not tree.root_node.has_error


def test_other_languages_are_refused(swing):
    with pytest.raises(ArgumentError, match="language must be one of"):
        system_code(swing, "cobol")


def test_text_and_record_say_the_same(hunt):
    text, stored = text_report(hunt), json.loads(json.dumps(record(hunt), allow_nan=False))
    assert all(equation in text for equation in stored["equations"])
    assert "saddle" in text
    assert len(stored["formulas"]) == 2


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_drawn(name, hunt, swing):
    for system in (hunt, swing):
        figure = FIGURES[name][1](system, dark=True)
        assert figure is not None and figure.axes


@pytest.mark.long
def test_the_page_and_its_folder_stand_alone(hunt, tmp_path):
    folder = write_folder(hunt, tmp_path / "out")
    names = {path.name for path in folder.iterdir()}
    assert {"report.html", "system.json", "system.py", "system.c", "system.jl", "trajectories.png"} <= names
    page = system_html(hunt)
    assert "could not be drawn" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6].replace("&nbsp;", " "))
    assert set(LANGUAGES) == {"python", "julia", "c"}
