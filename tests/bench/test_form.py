"""The criterion of form: the law with other numbers has it, a look-alike has not."""

import numpy as np
import pytest
import sympy

from kansym.bench.catalogue import load_catalogue
from kansym.bench.form import MOST_CONSTANTS, same_form
from kansym.bench.outcome import judge


@pytest.fixture
def problem(make_law, problem_of):
    return problem_of(make_law("a*sin(b)", a=(1, 3), b=(0, 2)))


def off(expression, share=0.02):
    """The formula with every Float off by about `share`."""
    numbers = sorted(expression.atoms(sympy.Float), key=float)
    changed = {n: n * (1 + share * (-1) ** k * (1 + k / 10)) for k, n in enumerate(numbers)}
    return expression.xreplace(changed)


def test_numbers_do_not_matter_and_functions_do(problem, in_columns):
    for text in ("a*sin(b)", "1.7*a*sin(0.9*b)", "0.9*a*sin(b + 0.1) + 0.05", "a*sin(2*b)", "a*sin(b/2) + 1/3"):
        assert same_form(in_columns(problem, text), problem), text
    for text in ("1.7*a*b**0.9", "a*tanh(1.1*b)", "a*sin(b**2)", "a**2*sin(b)", "3.0*a", "7.0"):
        assert not same_form(in_columns(problem, text), problem), text


def test_whole_numbers_and_pi_are_numbers_but_exponents_are_not(make_law, problem_of, in_columns):
    problem = problem_of(make_law("2.9*x + 1.1*x**1.5", x=(1, 4)))
    assert same_form(in_columns(problem, "3*x + 2*x**1.4"), problem)
    assert same_form(in_columns(problem, "pi*x + 2*x**1.4"), problem)
    assert not same_form(in_columns(problem, "3*x + 2*x**2"), problem)
    assert not same_form(in_columns(problem, "3*x + 2*x**(4/3)"), problem)


def test_a_series_that_is_right_within_the_ranges_is_no_form_of_the_law(problem, in_columns):
    b = np.linspace(0, 2, 200)
    series = " + ".join(f"({c})*b**{k}" for k, c in enumerate(np.polyfit(b, np.sin(b), 7)[::-1]))
    assert not same_form(in_columns(problem, f"a*({series})"), problem)
    many = " + ".join(f"{k}.5*a**{k}" for k in range(1, MOST_CONSTANTS + 3))
    assert not same_form(in_columns(problem, f"a*sin(b) + {many}"), problem)


def test_what_has_no_values_has_no_form(problem, in_columns):
    assert not same_form(in_columns(problem, "log(-1.0 - a*b)"), problem)


@pytest.mark.parametrize("name", ["random:3", "sums:3"])
@pytest.mark.long
def test_drawn_laws_have_their_own_form(name, problem_of):
    for law in load_catalogue(name).only(["8"]).laws:
        problem = problem_of(law, noise=0.05)
        # Two per mille: an oscillation over many waves has other minima further away.
        assert same_form(off(problem.truth, 2e-3), problem), law.formula
        # A sine of the law is another form, whatever its numbers.
        size = sympy.Float(2 * float(np.abs(problem.y).max()))
        assert not same_form(sympy.sin(problem.truth / size), problem), law.formula


def test_the_form_is_judged_beside_agreement(make_law, problem_of, in_columns):
    law = make_law("2.5*exp(-0.7*x)", x=(0, 3))
    noisy = problem_of(law, noise=0.1)
    right_form = judge(in_columns(noisy, "2.6*exp(-0.72*x)"), noisy)
    assert right_form.form
    x = np.linspace(-0.9, 3.9, 200)
    quintic = np.polyfit(x, 2.5 * np.exp(-0.7 * x), 5)
    look_alike = judge(in_columns(noisy, " + ".join(f"({c})*x**{5 - k}" for k, c in enumerate(quintic))), noisy)
    assert look_alike.strict.right and not look_alike.form
