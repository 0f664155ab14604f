"""Ranks under links."""

import numpy as np
import pytest
import sympy

from kansym.structure.rank import HIGHEST, link_ranks
from kansym.structure.surrogate import best_surrogate

A, B, C = sympy.symbols("a b c", positive=True)


def ranks(law, X, expression, tolerance=1e-8):
    y = law(expression, (A, B, C)[: X.shape[1]])
    return {link.name: rank for link, rank in link_ranks(y, X, y.predict(X), tolerance=tolerance)}


# Two terms: the sum of a function of a and one of b, or a product next to the constant that every law may have.
@pytest.mark.parametrize(
    "expression, link",
    [
        (sympy.sqrt(A**2 + B**2), "square"),
        (1 / (A**2 + sympy.exp(B)), "reciprocal"),
        (-1 / (1 + A**2 * B), "reciprocal"),
        (sympy.log(A + sympy.sin(B)), "exp"),
        (sympy.exp(sympy.sin(A) + B**2), "log"),
        (sympy.asin(A * B / 7), "sin"),
        (sympy.acos(A * B / 7), "cos"),
        (sympy.atan(A + B**2), "tan"),
        ((1 + A * sympy.sin(B)) ** 2, "root"),
        ((A + B**3) ** -sympy.Rational(1, 2), "reciprocal square"),
    ],
    ids=str,
)
def test_the_planted_link_has_rank_two(box, law, expression, link):
    found = ranks(law, box(200, None, None), expression)
    assert found[link] == 2
    assert found.get("identity", HIGHEST) > 2 or link == "log"


def test_the_lowest_rank_comes_first_and_the_identity_wins_ties(box, law):
    X = box(200, None, None)
    for expression in (A * B, A + B**2, sympy.sqrt(A**2 + B**2), A * B + B**2 * A**3):
        y = law(expression, (A, B))
        found = link_ranks(y, X, y.predict(X), tolerance=1e-8)
        assert [rank for _, rank in found] == sorted(rank for _, rank in found)
        best = [link.name for link, rank in found if rank == found[0][1]]
        assert "identity" not in best or best[0] == "identity"
    assert next(iter(ranks(law, X, A * B))) == "identity"


@pytest.mark.parametrize("terms", [1, 2, 3, 4])
def test_products_are_counted(box, law, terms):
    expression = sympy.Add(*(sympy.sin((k + 1) * A) * sympy.cos((k + 2) * B) for k in range(terms)))
    # The constant is one more, unless the products already hold it.
    assert ranks(law, box(200, (0.5, 3.5), (0.5, 3.5)), expression)["identity"] == terms + 1


def test_a_constant_does_not_count(box, law):
    X = box(200, None, None)
    for level in (0, 5, -40):
        assert ranks(law, X, A * B**2 + level)["identity"] == 2


def test_the_largest_rank_of_a_pair_counts(box, law):
    X = box(200, None, None, None)
    y = sympy.sqrt(A**2 + B**2) + C
    assert ranks(law, X, y)["identity"] == ranks(law, X[:, :2], sympy.sqrt(A**2 + B**2), 1e-8)["identity"]


def test_laws_of_high_rank_are_left_out(box, law):
    assert "identity" not in ranks(law, box(200, (0, 10), (0, 10)), sympy.sin(3 * A * B))


def test_a_coarse_tolerance_lowers_the_rank(box, law):
    X = box(200, None, None)
    found = [ranks(law, X, sympy.sqrt(A**2 + B**2), 10.0**-k)["identity"] for k in (2, 4, 6)]
    assert found == sorted(found) and found[0] < found[2]


def test_links_the_target_forbids_are_left_out(box, law):
    found = ranks(law, box(200, None, None), A - B)
    assert not {"log", "square", "root", "reciprocal", "reciprocal square", "cos"} & set(found)


def test_a_constant_law_has_no_terms(box, law):
    assert ranks(law, box(100, None, None), 2 + 0 * A)["identity"] == 0


def test_one_column_has_no_pairs(box, law):
    X = box(100, None)
    y = law(A**2, (A,))
    assert all(rank <= 1 for _, rank in link_ranks(y, X, y.predict(X), tolerance=1e-6))


def test_read_from_an_interpolant(box, law):
    X = box(300, None, None)
    t = law(sympy.sqrt(A**2 + B**2), (A, B)).predict(X)
    surrogate = best_surrogate(X, t)
    assert surrogate is not None
    link, rank = link_ranks(surrogate, X, t, tolerance=max(1e-5, 10 * surrogate.error))[0]
    assert (link.name, rank) == ("square", 2)


def test_a_grid_between_rows_of_both_signs_asks_the_grid_too(rng, law):
    # On the rows |a + b| stays away from zero, on the grid between them it does not.
    X = rng.uniform(0.5, 2.0, (200, 2)) * np.where(rng.random(200) < 0.5, 1.0, -1.0)[:, None]
    a, b = sympy.symbols("a b", real=True)
    y = law((a + b) ** 2, (a, b))
    t = y.predict(X)
    assert (t > 0.9).all()
    assert all(np.isfinite(rank) for _, rank in link_ranks(y, X, t, tolerance=1e-8))
