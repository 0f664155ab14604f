"""Who proposed what: signatures of nested finders, their work, and what a formula carries of them."""

import numpy as np
import pytest

from kansym import clock, provenance
from kansym.clock import Clock, Work
from kansym.data.dataset import make_dataset
from kansym.provenance import Book, Origin, credit, keeping, sign, signed, signing
from kansym.report.text import text_report
from kansym.run.summary import RunSummary
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.formula import Formula


@pytest.fixture
def ticking():
    """A clock of work on which nothing has happened yet."""
    with clock.running(Clock()) as running:
        yield running


def worked(seconds):
    clock.charge(Work.SMALL_FITS, seconds / (clock.SLOWNESS * clock.SECONDS[Work.SMALL_FITS]))


@signed("inner")
def inner():
    for number in (1, 2):
        worked(1.0)
        yield number


@signed("outer")
def outer():
    worked(0.5)
    yield from (10 * number for number in inner())
    worked(0.25)
    yield 7


def test_the_innermost_finder_signs(ticking):
    with keeping() as book:
        seen = [(number, provenance.last().finder, round(provenance.last().work, 6)) for number in outer()]
    assert seen == [(10, "inner", 1.5), (20, "inner", 2.5), (7, "outer", 2.75)]
    assert book.spent["inner"] == pytest.approx(2.0) and book.spent["outer"] == pytest.approx(0.75)


def test_work_between_proposals_is_nobodys(ticking):
    with keeping() as book:
        for _ in inner():
            worked(5.0)
    assert sum(book.spent.values()) == pytest.approx(2.0)


def test_a_finder_that_is_closed_or_fails_leaves_the_book_in_order(ticking):
    def failing():
        yield 1
        raise ValueError("broken")

    with keeping() as book:
        first = outer()
        next(first)
        first.close()
        with pytest.raises(ValueError, match="broken"):
            list(signing("failing", failing))
        worked(3.0)
        list(inner())
    assert set(book.spent) == {"inner", "outer", "failing"} and book.spent["failing"] == 0.0
    assert book.spent["inner"] == pytest.approx(3.0)


def test_outside_of_a_search_nothing_is_signed():
    assert list(outer()) == [10, 20, 7] and provenance.last() is None and provenance.current() is None
    sign("nobody")
    credit(Origin("nobody"))
    assert provenance.last() is None


def test_searches_within_a_search_share_its_book(ticking):
    with keeping() as book, keeping(Book()) as same:
        assert same is book
    with keeping(given := Book()) as book:
        assert book is given


def test_changes_are_told_in_order():
    origin = Origin("pursuit", 1.25)
    later = origin.changed("one more constant").changed("one more constant").changed("exact numbers")
    assert str(origin) == "pursuit after 1.2 s of work"
    assert str(later) == "pursuit after 1.2 s of work, then one more constant, then exact numbers"
    assert Origin.from_dict(later.to_dict()) == later
    with keeping():
        credit(later, changed="a part read anew")
        assert provenance.last().changes[-1] == "a part read anew" and provenance.last().finder == "pursuit"


def searched(withholds=None, **options):
    x = np.random.default_rng(0).uniform(1, 4, (60, 2))
    table = make_dataset(x, 2 * x[:, 0] ** 2 / (x[:, 1] + 1), names=["a", "b"], target="y")
    with keeping(Book(withholds)) as book:
        found = discover(table, DiscoveryOptions(max_seconds=5, deterministic=True, **options))
    return found, book


def test_origin_of_a_formula_in_python_storage_and_report():
    found, book = searched(networks=False)
    origin = found.formula.origin
    assert origin is not None and origin.finder in book.spent
    assert 0 < origin.work <= 5
    assert all(one.origin is not None for one in found.front)
    assert found.front.to_frame()["origin"].iloc[-1] == str(found.front[-1].origin)
    assert Formula.from_dict(found.formula.to_dict()).origin == origin
    assert f"found by: {origin}" in text_report(RunSummary.of(found))


def test_what_is_withheld_is_not_seen():
    seen = []

    def exact(formula):
        if formula.loss < 1e-20:
            seen.append(formula.origin.finder)
            return True
        return False

    found, _ = searched(exact, networks=False)
    assert found.formula.loss > 1e-20
    # More than one finder knows a quotient of polynomials, and each is asked.
    assert len(set(seen)) > 1
