# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Formulas for a problem: reduced as far as it goes, then linear algebra, separation, and networks on the rest."""

import logging
import math
from collections.abc import Iterator

import numpy as np
import sympy

from kansym import clock
from kansym.provenance import last, signed
from kansym.structure.exact import beside, featured, short_sums
from kansym.structure.fast_factors import without_fast_factor
from kansym.structure.folding import folded, smoother_link
from kansym.structure.leaf import Leaf, LeafSolver, Look, Reading, Solution, evaluate, symbols, waves
from kansym.structure.links import usable_links
from kansym.structure.peeling import peeled
from kansym.structure.problem import TARGET, Problem
from kansym.structure.product_units import SMALL_TABLE, product_unit_laws
from kansym.structure.rank import link_ranks
from kansym.structure.rational_fits import rational_fits
from kansym.structure.scaled_forms import scaled_forms
from kansym.structure.scaled_pairs import scaled_pairs
from kansym.structure.search import GRADIENT_ROWS, NOISY, Reducer
from kansym.structure.separability import Separation, linked_separations, separated_curve
from kansym.structure.settling import Settling
from kansym.structure.shortening import at_once
from kansym.structure.simple_forms import simple_forms
from kansym.structure.sparse import MOST_COLUMNS, sparse_fits
from kansym.structure.straight import straight_lines
from kansym.structure.surrogate import Surrogate, fit_surrogate, one_signed
from kansym.symbolic.complexity import complexity, formula_bits
from kansym.symbolic.steps import Step, StepKind
from kansym.units.system import UnitSystem

logger = logging.getLogger(__name__)

DEEPEST = 4
"""Separations one after another."""

MOST_SEPARATIONS = 3
"""Separations tried per problem."""

FEW_ROWS = 500
"""Rows of the interpolants that links are compared with."""

FEATURE_NOISE = 1e-3
"""Noise variance of an interpolant above which the dearer of the exact searches are left out."""

EXACT_FORM = 1e-20
"""Mean squared residual of a form, relative to that of the target, that is rounding."""

FORM_BITS = 6.0
"""Bits of description length behind the best form up to which others are handed on, with noise."""

MOST_FORMS = 4
"""Forms handed on per problem, with noise."""

SMALL_TABLE_FORMS = 10
"""Forms handed on for a small table, where trials are cheap and leave-one-out has the last word."""

UNITS_SHARE = 0.25
"""Share of the time for power laws times functions of products: what they cannot write must have its turn as well."""

FAR_FROM_ZERO = 0.02
"""Smallest size of a noisy target, in units of its root mean square, whose reciprocal may be a sum."""

FORM_ROWS = 100
"""Rows from which a table with one input is looked at for other structure: forms without constants are told apart
from others by many rows, or not at all."""

WAVY = 0.05
"""Error of an interpolant of what is left from which it may be a wave."""

GLANCE, FAST, REST, MOST_RESTS = 0.08, 0.6, 0.2, 2
"""Shares of the time for waves of what is left, for what a fast factor leaves, and for exact laws of all that is or the
structure of one; and how many of those, the smallest, have their own."""

NETWORKS, NETWORKS_WITH_NOISE = 0.4, 0.7
"""Share of the time for the search of a smaller problem: with noise its readings only begin to say what it is."""

SPLINES, FAR_LESS = 0.35, 5.0
"""The same for functions of single columns where splines leave far less than an interpolant; and how many times more
than that of a smaller table the interpolant of the whole leaves where those are looked at later."""

FEW_COLUMNS = 3
"""Most columns of a smaller problem with noise for which splines are asked: with few they are soon fitted."""

READINGS = 4
"""Readings of separated curves that are followed."""

MISFIT_PRICE = 10.0
"""Nodes of a formula that one decade of misfit is worth, when readings of curves are compared."""


class Solver:
    """Solves problems by making them smaller.

    Parameters
    ----------
    y : ndarray, shape (n,)
        The user's target.
    leaf : LeafSolver
        Networks, for what is left.
    seed : int
    until : float
        `kansym.clock.now` value to stop at.
    any_function : bool, default True
        Whether forms may use any elementary function; False leaves those to the leaf solver, which knows what its user
        allows, and keeps to symmetries and rational functions here.
    units : UnitSystem, optional
        Of the user's table.
    quick : bool, default False
        Only reductions, separations, linear algebra and simple forms, which find most of what there is in a small part
        of the time.
    known : dict, optional
        Interpolants of an earlier solver of the same table.
    """

    def __init__(
        self,
        y: np.ndarray,
        leaf: LeafSolver,
        *,
        seed: int,
        until: float,
        any_function: bool = True,
        units: UnitSystem | None = None,
        quick: bool = False,
        known: dict[tuple[str, ...], Surrogate | None] | None = None,
    ) -> None:
        self.leaf, self.seed, self.until, self.any_function = leaf, seed, until, any_function
        self.quick = quick
        self.reducer = Reducer(y, seed=seed, deadline=until, units=units, known=known)
        self.more = self.looked = False
        self._settling = Settling(self.reducer, seed)
        self._splined: set[tuple[tuple[sympy.Expr, ...], sympy.Expr]] = set()

    def solutions(self, problem: Problem, depth: int = 0, expected: float = math.inf) -> Iterator[Solution]:
        """Formulas for the user's y, with the smaller problem that each one solves."""
        small = len(problem.t) < SMALL_TABLE
        if depth == 0:
            # Before any interpolant: what linear algebra finds is found at once.
            yield from self._at_once(problem)
            yield from () if self.quick else self._peeled(problem)
        if depth == 0 and problem.dimension == 1:
            yield from self._together(straight_lines(problem, any_function=self.any_function))
        if depth == 0 and small:
            # Whether there is noise decides what is made of what is found meanwhile.
            self.reducer.look(problem)
            for smaller in self.reducer.by_units(problem):
                yield from self._as_product_units(smaller)
            yield from self._as_product_units(problem)
            if problem.dimension == 1 and len(problem.t) < FORM_ROWS:
                return
        for smaller in self.reducer.reduced(problem):
            first, self.looked = not self.looked, True
            if self._late():
                return
            if first and self.reducer.lowest > WAVY and not self.quick:
                yield from waves(problem, self.leaf, clock.now() + GLANCE * clock.left(self.until))
                yield from self._slowly(problem)
            if first and self.reducer.noisy and not self.quick:
                # Reductions are guesses then, and followed for long.
                yield from beside(problem, self.until, seed=self.seed) if self.any_function else ()
                # What looks like noise may be a kink, whose residuals are not those of noise.
                if self.any_function and not self._settling.noisy and not self._late():
                    own, error = self.reducer.surrogate(problem)
                    yield from self._by_splines(problem, own) if error < FAR_LESS * self.reducer.lowest else ()
                    fold = folded(problem, own, self.seed, self.until)
                    yield from self.solutions(fold, depth + 1) if fold else ()
            surrogate, _ = self.reducer.surrogate(smaller)
            if depth or smaller.steps:
                yield from self._at_once(smaller)
            yield from self._exactly(smaller, surrogate)
            if smaller.dimension == 0:
                continue
            if surrogate is None:
                if smaller.steps:
                    yield from self._by_networks(smaller, None)
                continue
            if surrogate.error > expected:
                logger.info("structure: rejected, error %.1e where %.1e was expected", surrogate.error, expected)
                continue
            yield from self._together(self._simply(smaller, surrogate))
            if self.reducer.noisy:
                yield from () if self.quick else self._together(self._as_quotients(smaller))
                yield from self._together(self._as_sums(smaller))
                if smaller.steps and smaller.steps[-1].kind is StepKind.UNITS:
                    yield from self._together(self._as_product_units(smaller))
            whole = depth == 0 and not smaller.steps
            # What looks like noise may be a kink or a narrow peak, which splines follow.
            if (whole or smaller.dimension <= FEW_COLUMNS or not self.reducer.noisy) and not self.quick:
                yield from self._by_splines(smaller, surrogate)
            # With noise a term or factor that is read off is a guess, which reductions are not.
            early = self.reducer.noisy and smaller.reduced and self.any_function and not self.quick
            if early:
                yield from self._by_networks(smaller, surrogate)
            if smaller.dimension > 1:
                linked = smoother_link(smaller, surrogate, self.seed, self.until)
                if linked is not None:
                    own, _ = self.reducer.surrogate(linked)
                    yield from self._at_once(linked)
                    yield from self._exactly(linked, own)
                    if own is not None:
                        yield from self._separately(linked, own, depth)
                        yield from self._by_networks(linked, own)
                yield from self._separately(smaller, surrogate, depth)
                yield from self._linked_networks(smaller, surrogate)
            if whole and self.reducer.noisy and not small:
                yield from self._as_product_units(problem)
            # The whole problem itself goes to the networks of the main search.
            if not whole and not early:
                yield from self._by_networks(smaller, surrogate)

    def _slowly(self, problem: Problem) -> Iterator[Solution]:
        """Laws of what is left without a factor that turns many times; its interpolants say how noisy that is."""
        found = without_fast_factor(problem) if self.any_function else None
        if found is not None:
            (slow, rows), until = found, min(self.until, clock.now() + FAST * clock.left(self.until))
            yield from Solver(self.reducer.y[rows], self.leaf, seed=self.seed, until=until).solutions(slow)

    def _together(self, solutions: Iterator[Solution]) -> Iterator[Solution]:
        """Rivals that were found at once; `more` says that others follow, which are to be judged before any settles."""
        found = list(solutions)
        for number, solution in enumerate(found, start=1):
            self.more = number < len(found)
            yield solution

    @signed("simple forms")
    def _simply(self, problem: Problem, surrogate: Surrogate) -> Iterator[Solution]:
        """Forms without inner constants: exact ones, or with noise those that leave no more than the interpolant."""
        if self._late() or problem.dimension > 3 or not self.any_function:
            return
        variables, weights = symbols(problem.dimension), problem.fitting_weights()
        forms = simple_forms(problem.X, problem.t, variables, weights, until=self.until)
        curve = (problem.X[:, 0], problem.t, variables[0], weights)
        if problem.dimension == 1:
            forms += simple_forms(problem.X, problem.t, variables, weights, offset=True, until=self.until)
            for offset in (False, True):
                forms += scaled_forms(*curve, offset=offset)
            forms.sort(key=lambda form: form.bits(len(problem.t), 1))
        size = float(np.mean((np.ones(1) if weights is None else weights / weights.mean()) * problem.t**2))
        exact = [form for form in forms if form.loss <= EXACT_FORM * size]
        paired = problem.dimension == 1 and not (self.reducer.noisy or self.quick)
        for offset in (False, True) if paired else ():
            pairs = () if exact else scaled_pairs(*curve, offset=offset, either=bool(problem.steps))
            exact += [form for form in pairs if form.loss <= EXACT_FORM * size]
        if exact:
            # Bits of losses at the level of rounding say nothing.
            simplest = min(exact, key=lambda form: formula_bits(form.whole, len(problem.t), problem.dimension))
            yield problem.compose(simplest.whole, variables), problem
        elif self.reducer.noisy and forms:
            n = len(problem.t)
            # Dimensionless by its units: there is nothing else to be read from the data first.
            wide = 2 if problem.steps and problem.steps[-1].kind is StepKind.UNITS else 1
            least = forms[0].bits(n, problem.dimension) + wide * FORM_BITS
            for form in forms[: wide * MOST_FORMS]:
                if form.bits(n, problem.dimension) <= least:
                    yield problem.compose(form.whole, variables), problem

    @signed("product units")
    def _as_product_units(self, problem: Problem) -> Iterator[Solution]:
        """Power laws times functions of products, fitted to the whole table: few rows or much noise suffice."""
        if self._late() or not self.any_function:
            return
        # sympy asks many questions about the arguments of a logarithm, and has quick answers for positive symbols only.
        variables = tuple(
            sympy.Symbol(f"_z{k}", positive=True) if (x > 0).all() else sympy.Symbol(f"_z{k}", real=True)
            for k, x in enumerate(problem.X.T)
        )
        small = len(problem.t) < SMALL_TABLE
        lowest = self.reducer.lowest
        floor = (lowest * float(problem.t.std())) ** 2 if math.isfinite(lowest) and not small else 0.0
        found, until = [], min(self.until, clock.now() + UNITS_SHARE * clock.left(self.until))
        for exponential in (False, True) if problem.dimension == 1 and (problem.X > 0).all() else (False,):
            # A logarithm has no unit that could be changed.
            for logarithm in (False, True) if problem.outer == TARGET else (False,):
                found += product_unit_laws(
                    problem.X,
                    problem.t,
                    variables,
                    problem.fitting_weights(),
                    logarithm=logarithm,
                    exponential=exponential,
                    floor=floor,
                    seed=self.seed,
                    until=until,
                )
        for law in sorted(found, key=lambda law: law.bits)[: SMALL_TABLE_FORMS if small else MOST_FORMS]:
            yield problem.compose(law.expression, variables), problem

    @signed("quotients of polynomials")
    def _as_quotients(self, problem: Problem) -> Iterator[Solution]:
        """Quotients of polynomials in several columns that leave about as little as interpolants, and their roots."""
        if not self.any_function or problem.dimension == 1 or self._late():
            return
        variables = symbols(problem.dimension)
        for linked in self._linked(problem, "identity", "square"):
            # As a residual of the target, which is a function of y.
            least = self.smooth / float(np.sqrt(np.mean(linked.slope**2)))
            for law in rational_fits(linked.X, linked.t, variables, linked.fitting_weights(), attainable=least):
                yield linked.compose(law, variables), linked

    @signed("sparse sums")
    def _as_sums(self, problem: Problem) -> Iterator[Solution]:
        """Short sums of products that leave no more than noise, of the target, its square and its reciprocal."""
        if not self.any_function or not 1 <= problem.dimension <= 3:
            return
        variables = symbols(problem.dimension)
        # Noise makes reciprocals of what is nearly zero say anything.
        near_zero = float(np.abs(problem.t).min()) < FAR_FROM_ZERO * float(np.sqrt(np.mean(problem.t**2)))
        for linked in self._linked(problem, "identity", "square", *(() if near_zero else ("reciprocal",))):
            for law in sparse_fits(linked.X, linked.t, variables, linked.fitting_weights()):
                yield linked.compose(law, variables), linked

    def _linked(self, problem: Problem, *names: str) -> Iterator[Problem]:
        """The problem under those of some links that can be had, while there is time."""
        for link in usable_links(problem.t):
            if link.name in names and not self._late():
                linked = link.apply(problem)
                if linked.finite():
                    yield linked

    def _by_splines(self, problem: Problem, surrogate: Surrogate | None) -> Iterator[Solution]:
        """Functions of single columns: splines say what they are before networks or separations say it less exactly."""
        asked, variables = (problem.columns, problem.outer), symbols(problem.dimension)
        known = not self.any_function or asked in self._splined
        if surrogate is None or problem.dimension == 1 or known or self._late():
            return
        self._splined.add(asked)
        until, weights = clock.now() + SPLINES * clock.left(self.until), problem.fitting_weights()
        leaf = Leaf(problem.X, problem.t, variables, None, weights, until, surrogate.error, Look.CURVES)
        yield from ((problem.compose(formula, variables), problem) for formula in self.leaf(leaf))

    def _linked_networks(self, problem: Problem, surrogate: Surrogate) -> Iterator[Solution]:
        """Networks on L(t) where a link lowers the rank."""
        if surrogate.noise > 100 * NOISY:
            return
        rows = np.random.default_rng(self.seed).permutation(len(problem.X))[:GRADIENT_ROWS]
        ranked = link_ranks(surrogate, problem.X[rows], problem.t, tolerance=max(1e-5, 10 * surrogate.error))
        if not ranked:
            return
        link, rank = ranked[0]
        plain = next((value for other, value in ranked if other.name == "identity"), 99)
        linked = link.apply(problem)
        if rank < plain and linked.finite():
            logger.info("structure: rank %d in place of %d under %s", rank, plain, link.name)
            yield from self._by_networks(linked, self.reducer.surrogate(linked)[0])

    @property
    def noise(self) -> float:
        """Standard deviation of the noise of y as the interpolants see it, in units of y; zero where they see none."""
        return self.smooth if self._settling.noisy else 0.0

    @property
    def smooth(self) -> float:
        """Error of the best interpolant on rows that it has not seen, in units of y; inf before there is one."""
        return self.reducer.lowest * float(np.std(self.reducer.y))

    def settles(self, residual: np.ndarray, problem: Problem, *, unbeaten: int = 0, short: bool = False) -> bool:
        """Whether a formula's residual of y is as small as any smooth function's; only asked with noise.

        `residual` has one entry per row of `problem`. The same held-out rows are compared: their noise cancels. The
        lowest of many interpolants' errors is low by chance as well, on few rows by far, so a formula that `PATIENCE`
        others have not bettered may be a little farther from it, and a `short` one settles where an interpolant of its
        residual predicts nothing; `unbeaten` is the number of the others.
        """
        return self._settling.settles(residual, problem, unbeaten=unbeaten, short=short)

    def _late(self) -> bool:
        return clock.late(self.until)

    def _at_once(self, problem: Problem) -> Iterator[Solution]:
        """Rational and algebraic laws, and products of powers and exponentials, exact on all rows."""
        if not self._late():
            yield from at_once(problem, self.reducer.by_exact, any_function=self.any_function, until=self.until)

    def _exactly(self, problem: Problem, surrogate: Surrogate | None) -> Iterator[Solution]:
        if problem.dimension == 0:
            weights = problem.target_weights()
            level = sympy.Float(float((weights * problem.t).sum() / weights.sum()))
            yield problem.compose(level, ()), problem
            return
        if not self.any_function:
            return
        yield from short_sums(problem, self.until)
        if self._late():
            return
        if surrogate is None or surrogate.noise < FEATURE_NOISE:
            yield from featured(problem, self.until)
        if problem.steps or not self.reducer.noisy:
            yield from beside(problem, self.until, seed=self.seed)

    def _peeled(self, problem: Problem) -> Iterator[Solution]:
        """Laws of what is left once terms with whole coefficients, or such factors, are taken away."""
        rests, late = [], min(self.until, clock.now() + REST * clock.left(self.until))
        for rest in peeled(problem, until=late) if self.any_function else ():
            if rest.dimension < problem.dimension:
                rests += [rest] if rest.dimension else []
                yield from self._at_once(rest)
                # Of more columns only few rows have these, which no interpolant helps.
                yield from short_sums(rest, late, plain=True) if rest.dimension > MOST_COLUMNS else ()
            yield from beside(rest, late, seed=self.seed)
        for rest in sorted(rests, key=lambda rest: rest.dimension)[:MOST_RESTS]:
            if self._late():
                return
            # What an interpolant of a guess sees says nothing of the noise of y; it may be a wave.
            signed = one_signed(rest.X)
            surrogate = fit_surrogate(rest.X, rest.t, log=signed, weights=None, seed=self.seed, rows=FEW_ROWS)
            if surrogate is None or surrogate.noise > NOISY or surrogate.error > WAVY:
                yield from waves(rest, self.leaf, clock.now() + GLANCE * clock.left(self.until))
            elif len(rest.t) == len(problem.t):
                whole, self.until = self.until, min(self.until, clock.now() + REST * clock.left(self.until))
                try:
                    yield from self.solutions(rest, 1)
                finally:
                    self.until = whole

    def _by_networks(self, problem: Problem, surrogate: Surrogate | None) -> Iterator[Solution]:
        if self._late():
            return
        variables, weights = symbols(problem.dimension), problem.fitting_weights()
        share = NETWORKS_WITH_NOISE if self.reducer.noisy and self.any_function else NETWORKS
        until = min(self.until, clock.now() + max(1.0, share * clock.left(self.until)))
        attainable = None if surrogate is None else surrogate.error
        for formula in self.leaf(Leaf(problem.X, problem.t, variables, None, weights, until, attainable)):
            yield problem.compose(formula, variables), problem
        if problem.dimension == 1 and not self.reducer.noisy and (problem.X > 0).all():
            # Exponents of a dimensionless column are made integers, and tanh(sqrt(u)) is harder to read than tanh(v).
            x, column = problem.X, problem.columns[0]
            for values, expression in ((np.sqrt(x), sympy.sqrt(column)), (1 / x, 1 / column)):
                if self._late():
                    return
                until = min(self.until, clock.now() + max(1.0, 0.4 * clock.left(self.until)))
                step = Step(StepKind.COORDINATE, expressions=(expression,))
                other = problem.with_inputs(values, (expression,), step)
                for formula in self.leaf(Leaf(values, problem.t, variables, None, weights, until, attainable)):
                    yield other.compose(formula, variables), other

    def _separately(self, problem: Problem, surrogate: Surrogate, depth: int) -> Iterator[Solution]:
        """One column at a time is read on its own, taken out, and the rest goes on as a smaller problem."""
        if depth >= DEEPEST:
            return
        loose = min(0.1, max(3e-3, 300 * surrogate.error))
        rows = np.random.default_rng(self.seed).permutation(len(problem.X))[:GRADIENT_ROWS]
        found = linked_separations(surrogate, problem.X[rows], problem.t, loose)[:MOST_SEPARATIONS]
        readings: list[Reading] = []
        for coordinates, link, separation in found:
            if self._late():
                return
            logger.info("structure: link %s, %s %s", link.name, separation, coordinates or "")
            changed = problem if coordinates is None else coordinates.apply(problem)
            linked = link.apply(changed)
            own = surrogate if linked is problem else self.reducer.surrogate(linked)[0] if linked.finite() else None
            if own is None:
                continue
            found_here, sure = self._read(linked, own, separation)
            if sure:
                # Nothing simpler will come of the other columns; the rest goes on at once.
                yield from self.solutions(found_here[0].rest, depth + 1, max(0.02, 30 * own.error))
            else:
                readings += found_here
        # The column that reads best goes first: what it leaves is exact, and the others need not be read as curves.
        for reading in sorted(readings, key=lambda reading: reading.cost)[:READINGS]:
            if self._late():
                return
            yield from self.solutions(reading.rest, depth + 1, max(0.02, 30 * reading.error))

    def _read(self, problem: Problem, surrogate: Surrogate, separation: Separation) -> tuple[list[Reading], bool]:
        """The problem less one column, for each reading of that column's curve; and whether the first one is sure."""
        value, gradient = surrogate.value_and_gradient(problem.X)
        x, a = separated_curve(value, gradient, problem.X, separation)
        spread = float(a.std())
        if not (math.isfinite(spread) and spread > 1e-12 * float(np.abs(a).max())):
            return [], False
        variables = symbols(1)
        until = min(self.until, clock.now() + max(1.0, 0.15 * clock.left(self.until)))
        uncertain = max(3 * surrogate.error, 3 * separation.misfit, 1e-6) * spread
        found, sure = [], False
        for formula, simple in self._curve_formulas(x, a, uncertain, separation, until):
            column = problem.X[:, separation.column]
            curve, values = evaluate(formula, variables[0], x), evaluate(formula, variables[0], column)
            if curve is None or values is None:
                continue
            if separation.product and not (np.abs(values) > 1e-9 * np.abs(values).max()).all():
                continue
            expression = formula.xreplace({variables[0]: problem.columns[separation.column]})
            reader = last()
            finder = "" if reader is None else reader.finder
            rest = problem.without(separation.column, expression, values, product=separation.product, finder=finder)
            residual = curve - a
            # The constant of a term belongs to the rest.
            error = float(np.std(residual) if not separation.product else np.sqrt(np.mean(residual**2)))
            cost = complexity(formula) + MISFIT_PRICE * math.log10(max(error, uncertain) / spread)
            found.append(Reading(rest, cost, surrogate.error))
            sure = sure or (simple and len(found) == 1)
        return found, sure

    def _curve_formulas(
        self, x: np.ndarray, a: np.ndarray, error: float, separation: Separation, until: float
    ) -> Iterator[tuple[sympy.Expr, bool]]:
        """Formulas of a separated curve: simple forms without constants that fit (True), or else those of networks."""
        for simple in _simple_curve(x, a, error, until, offset=not separation.product):
            yield simple, not self.reducer.noisy
            return
        for formula in self.leaf(Leaf(x[:, None], a, symbols(1), error, None, until, None)):
            yield formula, False


@signed("simple forms")
def _simple_curve(x: np.ndarray, a: np.ndarray, error: float, until: float, *, offset: bool) -> Iterator[sympy.Expr]:
    """The shortest form without constants, or with one scale, that fits a curve, if any does."""
    variables = symbols(1)
    forms = simple_forms(x[:, None], a, variables, offset=offset, floor=error**2, until=until)
    forms += scaled_forms(x, a, variables[0], offset=offset)
    fitting = [form for form in forms if form.loss <= error**2]
    if fitting:
        yield min(fitting, key=lambda form: complexity(form.expression)).expression
