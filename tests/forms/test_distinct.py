"""The distinct forms among formulas."""

from dataclasses import replace

import numpy as np
import sympy

from kansym.forms.distinct import MOST_BEHIND, distinct_forms
from kansym.search.front import ParetoFront


def texts(discovery):
    return [str(one.formula.expression.free_symbols and one.formula) for one in distinct_forms(discovery)]


def test_the_pick_is_first_and_the_others_are_in_the_order_of_their_lengths(decay):
    found = distinct_forms(decay())
    assert found[0].formula is not None and "exp(-" in str(found[0].formula)
    behind = [one.bits for one in found[1:]]
    assert behind == sorted(behind)


def test_a_function_in_other_words_is_one_form(decay):
    plain = decay()
    other = decay(extra=("2.1/exp(0.6*x) + 0.41", "0.41 + exp(0.74 - 0.6*x)"))
    twice = replace(plain, formulas=(*plain.front, *other.front))
    assert len(distinct_forms(twice)) == len(distinct_forms(plain))


def test_forms_that_reach_each_other_s_values_with_other_numbers_are_one(decay):
    # A fit that ended early has other values, and the same form.
    plain = decay()
    pick = plain.formula
    moved = pick.expression.xreplace({number: number * 1.02 for number in pick.expression.atoms(sympy.Float)})
    x = sympy.Symbol("x")
    early = replace(pick, expression=sympy.exp(x * 0) * moved, description_length=pick.description_length + 0.4)
    assert len(distinct_forms(replace(plain, formulas=(early,)))) == len(distinct_forms(plain))


def test_a_form_with_one_constant_more_is_another(decay):
    plain = decay()
    longer = decay(extra=("2.1*exp(-0.6*x) + 0.41 + 0.01*x",))
    new = [one for one in longer.front if len(one.constants) == 4]
    made = replace(plain, formulas=tuple(new))
    assert len(distinct_forms(made)) == len(distinct_forms(plain)) + len(new)


def test_what_is_far_behind_is_left_out(decay):
    found = decay(noise=0.005)
    forms = distinct_forms(found)
    line = next(one for one in found.front if one.complexity <= 5)
    assert line.description_length > found.formula.description_length + MOST_BEHIND
    assert all(one.formula is not line for one in forms)


def test_wrong_units_and_other_targets_are_no_forms_of_the_table(decay):
    found = decay()
    second = next(one for one in found.front if one is not found.formula)
    wrong = replace(second, consistent=False)
    other = replace(second, target="something else")
    assert len(distinct_forms(replace(found, front=ParetoFront([found.formula, wrong]), formulas=(other,)))) == 1


def test_the_words_of_a_form_are_a_part_of_its_bits(decay):
    for one in distinct_forms(decay()):
        assert 0 < one.words < 100 and np.isfinite(one.bits)
