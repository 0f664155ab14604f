"""The rules, each by one measurement that is changed."""

from dataclasses import replace

import pytest

from kansym.fitting.predictability import Dependence, Leftover
from kansym.validation.agreement import Agreement, Rerun
from kansym.validation.description_length import Explained
from kansym.validation.domain import Domain
from kansym.validation.extrapolation import Extrapolation
from kansym.validation.fit import Fit
from kansym.validation.form import CheckedConstant, CheckedConstants, FormFacts
from kansym.validation.form_odds import FormOdds
from kansym.validation.freed_edges import FreedEdges, FreedFunction
from kansym.validation.left_out_ends import LeftOutEnd
from kansym.validation.residual_tests import LackOfFit, ResidualTest
from kansym.validation.rivals import Rival
from kansym.validation.verdict import DESCRIPTION, LAW, NOTHING, Evidence, judge

CONSTANT = CheckedConstant("c0", 2.0, 0.01, determined=True, weak=False)
TEST = ResidualTest("trend", "x", 0.1, "rho", 0.5, 1.0, False, "no trend along x")
FIT = Fit(
    rows=100, undefined_rows=0, rms=0.1, held_out_rms=0.1, network_rms=0.11, held_out_rows=20, network_p=0.7,
    spread=2.0, one_minus_r2=0.0025, held_out_one_minus_r2=0.0025, noise_floor=1e-12, exact=False, chi2=None,
    chi2_p=None, freedom=99,
)  # fmt: skip
STAYS = FreedFunction("exp(x)", "x", "", 8, 2, 1.0, 0.6, 0.6)
MOVED = FreedFunction("tanh(x)", "x", "", 8, 2, 30.0, 1e-5, 1e-5, 29.0, 0.03, True)

LAWFUL = Evidence(
    fit=FIT,
    explained=Explained(gained=400.0, cost=40.0, left=0.0026),
    residual_tests=(TEST,),
    leftover=Leftover(-0.1, 0.6, "a function of x", 100),
    lack_of_fit=None,
    constants=CheckedConstants((CONSTANT,), 1),
    rival=Rival("a polynomial", 30.0, 0.2, 0.1, 0.0, ()),
    domain=Domain("defined", "", (), False, 0.0),
    extrapolation=Extrapolation(0.01, 0.1, 0.02, 0.3, 0.0, 0.0, 1.3),
    agreement=None,
    dependence=Dependence(0.002, 0.01, "a function of x", 100),
    form=FormFacts(True, 0, False, False),
)


def test_a_law_has_nothing_against_it():
    verdict = judge(LAWFUL)
    assert verdict.kind == LAW
    assert verdict.against == ()
    assert len(verdict.supporting) >= 6
    assert "100 rows" in verdict.reason


def test_a_probability_that_underflows_is_a_bound():
    verdict = judge(replace(LAWFUL, fit=replace(FIT, chi2=5000.0, chi2_p=0.0, freedom=90)))
    assert any("p < 1e-300" in words for words in verdict.against) and not any("p = 0)" in w for w in verdict.against)


def test_a_rival_of_the_same_length_is_not_shorter():
    verdict = judge(replace(LAWFUL, rival=Rival("exp(x)", -1e-3, 0.1, 0.1, 0.4, ())))
    assert "exp(x) is as short a description" in verdict.against


@pytest.mark.parametrize(("columns", "constants", "law"), [(1, 4, True), (1, 5, False), (2, 5, True), (3, 7, False)])
def test_each_column_more_allows_for_a_constant_more(columns, constants, law):
    form = FormFacts(True, 0, False, False, columns=columns)
    verdict = judge(replace(LAWFUL, form=form, constants=CheckedConstants((CONSTANT,) * constants, constants)))
    assert (verdict.kind == LAW) == law


@pytest.mark.parametrize(
    ("network", "held_out", "share", "told"),
    [(0.1, 0.1, 0.0025, True), (0.6, 0.1, 0.0025, True), (1.7, 0.1, 0.0025, False), (1.7, 1.5, 0.56, True)],
)
def test_only_a_network_that_learned_something_is_a_witness(network, held_out, share, told):
    # Of a spread of 2: what leaves half of the variance says nothing, but where the formula leaves as much.
    fit = replace(FIT, network_rms=network, network_p=0.9, held_out_rms=held_out, held_out_one_minus_r2=share)
    words = [ground.words for ground in judge(replace(LAWFUL, fit=fit)).grounds]
    assert ("held out, no network is better beyond chance" in words) == told


def _fit(**changes):
    return {"fit": replace(FIT, **changes)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"explained": Explained(55.0, 40.0, 0.3)}, "only 15 bits"),
        ({"explained": Explained(70.0, 45.0, 0.3)}, "for each bit"),
        (_fit(freedom=3), "only 3 rows more"),
        (_fit(one_minus_r2=0.3, held_out_one_minus_r2=0.2), "0.3 of the variance"),
        (_fit(chi2=250.0, chi2_p=1e-12), "chi-squared"),
        (_fit(network_rms=0.04, network_p=1e-4), "network is better by a factor of 2.5"),
        ({"residual_tests": (replace(TEST, objection=True, words="residuals have a trend along x"),)}, "trend along x"),
        ({"leftover": Leftover(0.2, 0.002, "a function of x", 100)}, "a function of x predicts 20 %"),
        ({"lack_of_fit": LackOfFit(20, 0.1, 9.0, 19, 80, 1e-9)}, "repeated points"),
        ({"residual_tests": (), "leftover": None}, "too few rows"),
        (
            {"freed": FreedEdges((MOVED, STAYS), named="tanh(x)", alike=("x**2",))},
            "the data move tanh(x), or x**2 (p = 1e-05)",
        ),
        ({"constants": CheckedConstants((replace(CONSTANT, determined=False),), 0)}, "do not determine c0"),
        ({"constants": CheckedConstants((replace(CONSTANT, weak=True),), 1)}, "error exceeds the value of c0"),
        ({"constants": CheckedConstants((CONSTANT,) * 5, 5)}, "5 fitted constants"),
        ({"form": FormFacts(True, 1, False, False)}, "no whole or half number"),
        ({"form": FormFacts(True, 0, False, True)}, "inside another"),
        (
            {"rival": Rival("exp(x)", 3.0, 0.1, 0.1, 0.4, ())},
            "exp(x) is nearly as good: 3.0 bits longer, odds of 8 to one",
        ),
        (
            {"rival": Rival("exp(x)", 10.0, 0.1, 0.1, 0.4, (), untold=True)},
            "not tell it from exp(x), 10 bits longer",
        ),
        (
            {"rival": Rival("a polynomial", 12.0, 0.1, 0.1, 0.4, (), needed=20.0)},
            "a polynomial, 12 bits longer, may be all",
        ),
        ({"rival": Rival("exp(x)", -3.0, 0.1, 0.1, 0.6, ())}, "shorter description"),
        ({"domain": Domain("undefined", "pole: x", (0.0,), True, 0.0)}, "undefined between the rows (pole: x)"),
        ({"extrapolation": replace(LAWFUL.extrapolation, undefined=0.5)}, "explodes"),
        (
            {"left_out_end": LeftOutEnd("x", "highest", 10, 3.1, 1e-5)},
            "without the 10 rows of the highest x, it misses them, 3.1 times",
        ),
        ({"odds": FormOdds(0.2, "exp(x)", 0.61, 0.1, 5)}, "that of exp(x) is 0.61"),
        ({"agreement": Agreement((Rerun(1, "a", False, False),) * 3 + (Rerun(2, "b", True, True),), 4, 9.0)}, "1 of 4"),
    ],
)
def test_one_objection_makes_a_description(changes, words):
    verdict = judge(replace(LAWFUL, **changes))
    assert verdict.kind == DESCRIPTION
    assert any(words in ground for ground in verdict.against)
    assert verdict.against[0] in verdict.reason


@pytest.mark.parametrize(
    ("probability", "other", "supports"), [(0.6, 0.3, [True]), (0.3, 0.6, []), (0.05, 0.1, []), (0.1, 0.35, [False])]
)
def test_another_form_speaks_against_a_law_where_it_is_clearly_more_probable(probability, other, supports):
    odds = FormOdds(probability, "exp(x)", other, 1 - probability - other, 5)
    verdict = judge(replace(LAWFUL, odds=odds))
    own = [one.supports for one in verdict.grounds if "probability of" in one.words]
    assert own == supports
    assert (verdict.kind == LAW) == (False not in supports)


@pytest.mark.parametrize(
    "changes",
    [
        {"form": FormFacts(True, 1, True, False)},
        {"domain": Domain("undefined", "pole: x", (0.0,), False, 0.0)},
        {"domain": Domain("undecided", "pole: x", (0.0,), False, 0.01)},
        {"rival": None},
        {"left_out_end": LeftOutEnd("x", "highest", 10, 1.4, 0.02)},
        {"freed": FreedEdges((STAYS,))},
        {"freed": FreedEdges(skipped="too few rows")},
        {"freed": FreedEdges((replace(STAYS, failure="it has several arguments"),))},
        {"freed": FreedEdges((MOVED,), named="tanh(x)"), "fit": replace(FIT, exact=True)},
        {"fit": replace(FIT, chi2=98.0, chi2_p=0.5, one_minus_r2=0.4, held_out_one_minus_r2=0.4)},
        {"fit": replace(FIT, noise_floor=0.1, one_minus_r2=0.4, held_out_one_minus_r2=0.4)},
        {"fit": replace(FIT, network_rms=None, network_p=None)},
        {"agreement": Agreement((Rerun(1, "a", False, True),), 4, 9.0)},
        {"agreement": Agreement((), 4, 9.0)},
    ],
)
def test_what_is_no_objection(changes):
    assert judge(replace(LAWFUL, **changes)).kind == LAW


def test_structure_in_little_that_is_left_is_called_a_correction():
    left = {"leftover": Leftover(0.2, 0.002, "a function of x", 100)}
    little = judge(replace(LAWFUL, fit=replace(FIT, one_minus_r2=1e-6), **left))
    assert little.kind == DESCRIPTION
    assert "all but 1e-06 of the variance" in little.reason
    assert "correction" not in judge(replace(LAWFUL, **left)).reason
    other = judge(replace(LAWFUL, fit=replace(FIT, one_minus_r2=1e-6), form=FormFacts(True, 0, False, True), **left))
    assert "correction" not in other.reason


def test_an_exact_fit_is_held_to_fewer_rules():
    exact = replace(FIT, exact=True, rms=1e-15, held_out_rms=1e-15, network_rms=1e-3, network_p=1.0)
    constants = CheckedConstants((CONSTANT,) * 6, 6)
    form = FormFacts(True, 1, False, True)
    pole = Domain("undefined", "pole: x", (0.0,), True, 0.0)
    changed = replace(LAWFUL, fit=exact, constants=constants, form=form, domain=pole, residual_tests=(), leftover=None)
    assert judge(changed).kind == LAW
    assert "exactly" in judge(changed).reason


CHANCE = {"explained": Explained(45.0, 40.0, 0.3), "dependence": Dependence(0.2, 0.9, "a function of x", 100)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"form": FormFacts(False, 0, True, False)}, "mean"),
        (CHANCE, "by chance"),
        (CHANCE | {"dependence": None}, "by chance"),
        (CHANCE | {"dependence": Dependence(0.002, 0.1, "a function of x", 100)}, "by chance"),
        (_fit(undefined_rows=2), "no finite value on 2 of 102 rows"),
        (_fit(rows=0), "any row"),
        (_fit(one_minus_r2=0.4, held_out_one_minus_r2=0.7), "leaves 70 % of the variance"),
        (_fit(one_minus_r2=0.05) | {"leftover": Leftover(0.2, 0.002, "a function of x", 100)}, "not noise"),
        (_fit(one_minus_r2=0.05, network_rms=0.04, network_p=1e-4), "network predicts the target better"),
        (_fit(chi2=1147.0, chi2_p=0.0, freedom=80), "chi-squared is 1147 for 80 degrees of freedom"),
        (_fit(network_rms=0.025, network_p=1e-9), "better by a factor of 4: much is missing"),
        ({"constants": CheckedConstants((CONSTANT,) * 14, 14)}, "14 fitted constants are a table"),
    ],
)
def test_no_closed_form(changes, words):
    verdict = judge(replace(LAWFUL, **changes))
    assert verdict.kind == NOTHING
    assert words in verdict.reason


def test_what_is_missing_may_be_a_small_correction():
    fit = replace(FIT, chi2=1147.0, chi2_p=0.0, freedom=80, one_minus_r2=1e-6, held_out_one_minus_r2=1e-6)
    assert judge(replace(LAWFUL, fit=fit)).kind == DESCRIPTION


def test_a_law_says_of_how_many_forms_it_is_the_best():
    assert "the best of 214 forms tried" in judge(replace(LAWFUL, forms_tried=214)).reason
    assert "forms tried" not in judge(LAWFUL).reason


def test_as_good_as_any_smooth_function_is_a_description():
    changes = {
        "explained": Explained(25.0, 24.0, 0.41),
        "dependence": Dependence(0.002, 0.4, "a function of x", 24),
        "fit": replace(FIT, one_minus_r2=0.38, held_out_one_minus_r2=0.42),
    }
    assert judge(replace(LAWFUL, **changes)).kind == DESCRIPTION
