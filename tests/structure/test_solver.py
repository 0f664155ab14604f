"""From a table to formulas, with a leaf solver that knows a handful of curves."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.clock import SECONDS, SLOWNESS, Work
from kansym.structure.leaf import Leaf, Look, evaluate, symbols
from kansym.structure.problem import Problem
from kansym.structure.separability import linked_separations
from kansym.structure.settling import PATIENCE
from kansym.structure.solver import Solver

U, V, W = SYMBOLS = sympy.symbols("u v w", positive=True)
Z = sympy.Symbol("z")
CURVES = (
    lambda z: z,
    lambda z: z**2,
    lambda z: z**3,
    lambda z: 1 / z,
    sympy.sqrt,
    sympy.log,
    sympy.exp,
    lambda z: sympy.exp(-z),
    sympy.sin,
    sympy.tanh,
)


class Curves:
    """Leaf solver: the two best of c f(z) + d, for leaves of one column only. It remembers what it was asked."""

    def __init__(self):
        self.asked: list[Leaf] = []
        self.looked: list[Leaf] = []

    def __call__(self, leaf):
        if leaf.look is not Look.WHOLE:
            # It has nothing that is exact.
            self.looked.append(leaf)
            return
        self.asked.append(leaf)
        if leaf.X.shape[1] != 1:
            return
        root = np.ones(len(leaf.t)) if leaf.weights is None else np.sqrt(leaf.weights / leaf.weights.mean())
        found = []
        for curve in CURVES:
            expression = curve(leaf.variables[0])
            values = evaluate(expression, leaf.variables[0], leaf.X[:, 0])
            if values is not None:
                columns = np.column_stack([values, np.ones(len(values))])
                (c, d), *_ = np.linalg.lstsq(columns * root[:, None], leaf.t * root, rcond=None)
                loss = float(np.mean((root * (columns @ [c, d] - leaf.t)) ** 2))
                found.append((loss, sympy.Float(float(c)) * expression + sympy.Float(float(d))))
        yield from (formula for _, formula in sorted(found, key=lambda one: one[0])[:2])


def solve(X, y, *, seed=0, seconds=120.0, leaf=None, good=0.0, most=60, weights=None):
    """Formulas until one is as good as `good`, in units of the spread of y; seconds are those of the work clock."""
    with clock.running(clock.Clock()):
        return _solve(X, y, seed, seconds, leaf, good, most, weights)


def _solve(X, y, seed, seconds, leaf, good, most, weights):
    leaf = leaf or Curves()
    symbols_used = SYMBOLS[: X.shape[1]]
    solver = Solver(y, leaf, seed=seed, until=seconds)
    found = []
    for formula, problem in solver.solutions(Problem.of(X, y, symbols_used, weights)):
        found.append((formula, problem))
        with np.errstate(all="ignore"):
            value = sympy.lambdify(symbols_used, formula, "numpy")(*X.T) * np.ones(len(y))
        if np.sqrt(np.mean((value - y) ** 2)) <= good * y.std() or len(found) >= most:
            break
    return solver, found


LAWS = [
    U**2 * V / W,
    pytest.param(U * sympy.tanh(V / W), marks=pytest.mark.long),
    W * sympy.tanh(U - V),
    W * sympy.sqrt(U**2 + V**2),
    pytest.param(sympy.sin(U) + sympy.exp(V) + 0 * W, marks=pytest.mark.long),
    U * V / (U + V + W),
    pytest.param(sympy.tanh(U * V) * W**2, marks=pytest.mark.long),
    sympy.exp(sympy.sin(U) * V) / W,
    sympy.log(U + V**2 * W),
]


@pytest.mark.parametrize("expression", LAWS, ids=str)
def test_exact_laws(box, law, agree, expression):
    X = box(300, None, None, None)
    y = law(expression, SYMBOLS).predict(X)
    _, found = solve(X, y, good=1e-9)
    # On rows it has not seen, some of them outside the box.
    assert agree(found[-1][0], expression, SYMBOLS, box(100, *[(0.4, 3.0)] * 3, seed=9), relative=1e-7)


def test_whole_terms_are_taken_away_before_any_interpolant(box, law, agree):
    u, v, w, x = symbols_used = sympy.symbols("u v w x", real=True)
    expression = u - x**2 + x * sympy.cos(v) - 2.19 * sympy.sqrt(v + 0.44 / w)
    ranges = [(-10, 10), (0.1, 10), (0.1, 10), (-10, 10)]
    X = box(900, *ranges)
    y = law(expression, symbols_used).predict(X)
    with clock.running(clock.Clock()):
        solver = Solver(y, Curves(), seed=0, until=60.0)
        found, problem = next(solver.solutions(Problem.of(X, y, symbols_used)))
    assert solver.reducer.lowest == np.inf
    assert problem.steps and problem.dimension == 2
    assert agree(found, expression, symbols_used, box(100, *ranges, seed=9), relative=1e-8)


@pytest.mark.long
@pytest.mark.parametrize(
    "expression",
    [
        sympy.tanh(U) * (1 + V) ** 2 * sympy.exp(V / 3),
    ],
    ids=str,
)
def test_separable_laws_are_read_curve_by_curve(box, law, expression):
    X = box(200, None, None)
    y = law(expression, (U, V)).predict(X)
    leaf = Curves()
    solve(X, y, leaf=leaf, most=2)
    read = [one for one in leaf.asked if one.error is not None]
    assert read and all(one.X.shape[1] == 1 and one.error and one.weights is None for one in read)


@pytest.mark.long
def test_a_column_with_a_kink_is_folded_where_it_is(rng):
    u, v, w = (X := rng.uniform([1, 1, 1], [5, 9, 4], (1200, 3))).T
    y = 2 * np.abs(v - 4.3) + np.exp(-u * w)
    _, found = solve(X, y, good=1e-3)
    formula, problem = found[-1]
    assert any(step.expressions and step.expressions[0].has(sympy.Abs) for step in problem.steps)
    (kink,) = formula.atoms(sympy.Abs)
    assert float(kink.subs(V, 4.3)) < 1e-3


def test_a_kink_in_the_target_is_linked_away(box, law, agree):
    # acos has an infinite slope at the rim; under cos the law is a product.
    X = box(250, (0.05, 0.999), (0.05, 0.999))
    expression = sympy.acos(U * V)
    _, found = solve(X, law(expression, (U, V)).predict(X), good=1e-8)
    assert agree(found[-1][0], expression, (U, V), X, relative=1e-6)


@pytest.mark.long
def test_with_noise_the_law_is_among_the_formulas_and_settles(box, law, rng):
    X = box(300, None, None)
    truth = law(U * sympy.tanh(V / U), (U, V)).predict(X)
    y = truth + 0.02 * truth.std() * rng.normal(size=300)
    solver, found = solve(X, y, most=3)
    errors = []
    for formula, _ in found:
        # Formulas that are not real on the rows are for the caller to refuse.
        with np.errstate(all="ignore"):
            value = sympy.lambdify((U, V), formula, "numpy")(*X.T) * np.ones(300)
        errors.append(np.sqrt(np.mean((value - truth) ** 2)) / truth.std())
    assert np.nanmin(errors) < 5e-3
    whole = Problem.of(X, y, (U, V))
    assert solver.settles(truth - y, whole)
    assert not solver.settles(truth * 1.1 - y, whole)


@pytest.mark.long
def test_few_rows_are_settled_by_a_short_law_whose_residual_is_noise(box, rng):
    X = box(300, None, None)
    truth = X.prod(1)
    y = truth + 0.01 * truth.std() * rng.normal(size=300)
    solver, _ = solve(X, y, most=1)
    # An interpolant that is better on the held-out rows by chance.
    solver.reducer.lowest *= 0.9
    whole = Problem.of(X, y, (U, V))
    assert not solver.settles(truth - y, whole, unbeaten=PATIENCE)
    assert not solver.settles(truth - y, whole, unbeaten=PATIENCE - 1, short=True)
    assert solver.settles(truth - y, whole, unbeaten=PATIENCE, short=True)
    # What varies with a column by half of the noise is seen in the residual, and in no other way here.
    bent = truth + 0.01 * truth.std() * np.cos(3 * X[:, 0])
    assert not solver.settles(bent - y, whole, unbeaten=PATIENCE, short=True)


def test_without_noise_nothing_settles(box):
    X = box(200, None, None)
    y = X.prod(1)
    solver, _ = solve(X, y, good=1e-9)
    assert not solver.settles(np.zeros(200), Problem.of(X, y, (U, V)))


@pytest.mark.long
def test_the_same_seed_gives_the_same_formulas(box, law):
    X = box(60, None, None)
    y = law(U * sympy.tanh(V / U), (U, V)).predict(X)
    y = y + 0.05 * np.random.default_rng(1).normal(size=len(y))
    runs = [[formula for formula, _ in solve(X, y, seed=5, seconds=8.0, most=1)[1]] for _ in range(2)]
    assert runs[0] == runs[1] and len(runs[0]) >= 1


@pytest.mark.long
def test_the_deadline_is_passed_on_and_kept(box, rng):
    class Slow(Curves):
        def __call__(self, leaf):
            yield from super().__call__(leaf)
            clock.charge(Work.ALGEBRA, 5 / (SLOWNESS * SECONDS[Work.ALGEBRA]))

    X = box(100, None, None)
    leaf = Slow()
    solve(X, rng.normal(size=100), leaf=leaf, seconds=8.0, most=10_000)
    asked = leaf.asked + leaf.looked
    assert asked and all(one.until <= 8.0 for one in asked)
    # Two leaves use the time up; of the step that is under way a few more may be asked.
    assert len(asked) <= 6


def test_no_time_no_formulas(box):
    X = box(200, None, None)
    leaf = Curves()
    assert solve(X, X.prod(1), seconds=-1.0, leaf=leaf)[1] == [] and leaf.asked == []


@pytest.mark.long
def test_leaves_are_small_tables_of_the_parts_own_names(box, law):
    X = box(300, None, None, None)
    leaf = Curves()
    solve(X, law(U * sympy.tanh(V / W), SYMBOLS).predict(X), leaf=leaf, good=1e-9)
    for one in leaf.asked:
        assert one.variables == symbols(one.X.shape[1]) and len(one.t) == len(one.X)
        assert not set(one.variables) & set(SYMBOLS)
        assert one.attainable is None or 0 <= one.attainable < 1


@pytest.mark.long
def test_the_whole_problem_is_not_a_leaf(box, law):
    # It goes to the networks of the main search.
    X = box(200, None, None)
    leaf = Curves()
    y = law((U + V**2) / (1 + U * sympy.exp(V)), (U, V)).predict(X)
    solve(X, y, leaf=leaf, seconds=12.0, most=2)
    # Leaves of two columns have the target under a link, or the columns changed.
    assert not any(one.X is X and one.t is y for one in leaf.asked)


@pytest.mark.long
def test_a_leaf_solver_without_answers(box, law):
    X = box(60, None, None)
    # No sum of products, no form without constants: only the leaf solver could tell. The others offer what they have.
    law_of_both = sympy.atan(sympy.exp(2 * U) - U) * sympy.tanh(V**3 / 3 + V)
    y = law(law_of_both, (U, V)).predict(X)
    for formula, _ in solve(X, y, leaf=lambda leaf: iter(()), seconds=5.0)[1]:
        assert np.sqrt(np.mean((law(formula, (U, V)).predict(X) - y) ** 2)) > 1e-6 * y.std()


def test_a_constant(box):
    X = box(100, None, None)
    _, found = solve(X, np.full(100, -4.25), good=1.0)
    assert float(found[0][0]) == pytest.approx(-4.25)


def test_formulas_are_in_the_users_units(box, law, agree):
    units = np.array([1e-19, 3e8, 1e-3])
    X = box(300, None, None, None) * units
    expression = 1e-12 * sympy.sqrt((U / units[0]) ** 2 + (V / units[1]) ** 2) / (W / units[2])
    _, found = solve(X, law(expression, SYMBOLS).predict(X), good=1e-9)
    assert agree(found[-1][0], expression, SYMBOLS, X, relative=1e-7)


@pytest.mark.parametrize(
    "expression, link, product",
    [
        (sympy.sqrt(sympy.sin(U) + V**2), "square", False),
        (1 / (U**2 + sympy.exp(V)), "reciprocal", False),
        (sympy.log(sympy.sin(U) + V**2), "exp", False),
        (sympy.sin(U) * sympy.exp(V**2 / 4), "identity", True),
        (sympy.sin(U) + V**2, "identity", False),
    ],
    ids=str,
)
def test_separations_under_links(box, law, expression, link, product):
    X = box(500, None, None)
    y = law(expression, (U, V))
    coordinates, found, separation = linked_separations(y, X, y.predict(X), 0.1)[0]
    assert coordinates is None and (found.name, separation.product) == (link, product)


def test_separations_after_a_change_of_coordinates(box, law):
    X = box(600, None, None)
    y = law(sympy.sin(U * V) ** 2 / sympy.sin(V) ** 2, (U, V))
    coordinates, link, separation = linked_separations(y, X, y.predict(X), 0.1)[0]
    assert coordinates is not None and (coordinates.i, coordinates.j, coordinates.powers) == (0, 1, (1, 1))
    assert link.name == "identity" and separation.column == 1 and separation.product


def test_evaluate():
    x = np.array([0.5, 1.0, 4.0])
    for formula, expected in (
        (sympy.Float(2.5) * sympy.sqrt(Z), 2.5 * np.sqrt(x)),
        (sympy.Float(2.5), np.full(3, 2.5)),
    ):
        found = evaluate(formula, Z, x)
        assert found is not None
        np.testing.assert_allclose(found, expected)
    assert evaluate(sympy.log(Z), Z, np.array([1.0, -1.0])) is None
    assert evaluate(1 / Z, Z, np.array([1.0, 0.0])) is None


def test_symbols_differ():
    assert symbols(0) == () and len(set(symbols(5))) == 5 and symbols(3) == symbols(5)[:3]


def test_waves_are_looked_for_before_any_reduction_where_an_interpolant_sees_nothing(box):
    X, leaf = box(400, None, None), Curves()
    solve(X, np.sin(90 * X[:, 0] - 70 * X[:, 1]), leaf=leaf, most=2)
    assert leaf.looked[0].look is Look.WAVES and leaf.looked[0].X.shape == X.shape
    smooth = Curves()
    solve(X, np.sin(X[:, 0] - X[:, 1]), leaf=smooth, most=2)
    assert not any(one.look is Look.WAVES for one in smooth.looked)


def test_a_factor_that_turns_many_times_is_taken_out(rng, agree):
    X = rng.uniform(1.0, 2.0, (600, 2))
    y = X[:, 0] ** 2 * np.sin(190 * X[:, 1] + 0.3)
    _, found = solve(X, y, good=1e-6)
    assert agree(found[-1][0], U**2 * sympy.sin(190 * V + 0.3), SYMBOLS[:2], X[:50], relative=1e-3)


class Asked(Exception):
    """The leaf solver was asked for what splines follow."""


class Splines(Curves):
    def __call__(self, leaf):
        if leaf.look is Look.CURVES:
            self.looked.append(leaf)
            raise Asked
        yield from super().__call__(leaf)


@pytest.mark.long
def test_splines_are_asked_before_a_column_is_read_alone(box):
    X = box(150, None, None)
    leaf = Splines()
    with pytest.raises(Asked):
        solve(X, np.sin(X[:, 0] * X[:, 1]) + np.tanh(X[:, 1]) / X[:, 0], leaf=leaf)
    assert leaf.looked[-1].X.shape == X.shape and leaf.looked[-1].attainable is not None
    assert not leaf.asked


@pytest.mark.long
def test_splines_are_asked_once_and_before_a_kink_is_folded(rng, monkeypatch):
    leaf, folds = Curves(), []

    def folded(*told):
        folds.append(len(leaf.looked))

    monkeypatch.setattr("kansym.structure.solver.folded", folded)
    X = rng.uniform(2, 7, (600, 2))
    solve(X, np.abs(X[:, 0] - 4.3) * X[:, 1], leaf=leaf, most=4)
    assert folds == [1]
    assert sum(one.X.shape == X.shape and np.array_equal(one.t, leaf.looked[0].t) for one in leaf.looked) == 1


def test_quick_structure_is_reductions_and_linear_algebra_and_leaves_its_interpolants(rng, work_clock):
    X = rng.uniform(0.5, 3, (400, 3))
    clean = np.tanh(X[:, 0] * X[:, 1]) / X[:, 2]
    y = clean * (1 + 0.01 * rng.normal(size=400))
    leaf = Curves()
    quick = Solver(y, leaf, seed=0, until=clock.now() + 60, quick=True)
    found = list(quick.solutions(Problem.of(X, y, SYMBOLS, None)))
    # Nothing is asked that takes long: waves of the whole table, or splines of single columns.
    assert leaf.looked == [] and leaf.asked
    with np.errstate(all="ignore"):
        errors = [float(np.std(sympy.lambdify(SYMBOLS, one)(*X.T) - y)) for one, _ in found]
    # As good as the law itself.
    assert np.nanmin(errors) < 1.01 * np.std(y - clean)
    # The whole search of the same table begins with what the quick one knows.
    asked, spent = set(quick.reducer.known), clock.now()
    whole = Solver(y, leaf, seed=0, until=clock.now() + 60, known=quick.reducer.known)
    whole.reducer.look(Problem.of(X, y, SYMBOLS, None))
    assert set(whole.reducer.known) == asked and clock.now() - spent < 0.1 * spent


def test_an_interpolant_that_time_has_cut_short_is_not_kept(rng, work_clock):
    X = rng.uniform(0.5, 3, (400, 3))
    problem = Problem.of(X, np.tanh(X[:, 0] * X[:, 1]) / X[:, 2], SYMBOLS, None)
    cut = Solver(problem.t, Curves(), seed=0, until=clock.now() + 1e-6, quick=True)
    cut.reducer.surrogate(problem)
    assert cut.reducer.known == {}
    whole = Solver(problem.t, Curves(), seed=0, until=clock.now() + 60, known=cut.reducer.known)
    first, _ = whole.reducer.surrogate(problem)
    assert first is not None and whole.reducer.surrogate(problem)[0] is first
