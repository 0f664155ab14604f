import numpy as np
import pytest

from benchmarks.freed_edges import TOLD, Case, Outcome, cases, examine, headlines, look_alike
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.parser import parse_expression
from kansym.validation.freed_edges import FreedEdges, FreedFunction, functions_of


@pytest.fixture
def law(rng):
    X = np.column_stack([rng.uniform(0, 3, 120), rng.uniform(1, 2, 120)])
    expression = parse_expression("k*z**2*sin(w*x)", ["x", "z", "k", "w"])
    symbols = tuple(plain_symbol(name) for name in "xzkw")
    form = ParametricForm(expression, symbols[:2], symbols[2:], np.array([2.0, 1.3]))
    return form, X, form.evaluate(X) + 0.01 * rng.standard_normal(120)


def test_a_look_alike_has_another_function_in_one_place(law):
    form, X, y = law
    (sine,) = (node for node in functions_of(form) if node.has(plain_symbol("x")))
    best, loss, places = look_alike(form, sine, X, y)
    nodes = list(functions_of(best))
    assert loss < np.var(y) and not best.expression.has(type(sine))
    assert places and all(nodes[place].has(plain_symbol("x")) for place in places)
    assert any(node == plain_symbol("z") ** 2 for node in nodes)


@pytest.mark.long
def test_cases_are_right_and_wrong_by_turns_and_the_same_twice():
    first, second = list(cases(7, 2)), list(cases(7, 2))
    assert [bool(case.wrong) for case in first] == [False, True]
    assert [case.name for case in first] == [case.name for case in second]
    assert (first[1].rows.y == second[1].rows.y).all()


def test_what_counts_as_named():
    functions = tuple(FreedFunction(text, "x", moved=True) for text in ("a(x)", "b(x)", "c(x)"))

    def judged(named, *alike, worse=100.0, wrong=frozenset({1})):
        return examine(Case("", None, wrong, worse), FreedEdges(functions, named=named, alike=alike))

    assert judged("b(x)") == Outcome(wrong=True, told=True, moved=True, named=True, among=True)
    assert judged("a(x)", "b(x)") == Outcome(wrong=True, told=True, moved=True, named=False, among=True)
    assert judged("a(x)", "c(x)", worse=TOLD) == Outcome(wrong=True, told=False, moved=True, named=False, among=False)
    right = judged("a(x)", wrong=frozenset())
    assert not right.wrong and right.moved
    figures = headlines([judged("b(x)"), judged("a(x)", "b(x)", worse=1.0), right])
    assert list(figures.values()) == ["1 of 1", "2 of 2", "2 of 2", "1 of 1", "1 of 1", "1 of 1"]
