"""The same surface in fewer words: without a term, or multiplied by a power of a column."""

from collections.abc import Iterator
from dataclasses import replace

from kansym.implicit.fit import Form
from kansym.implicit.judging import Judge, Judged, form_bits
from kansym.implicit.terms import Term, without_idle

ROUNDS = 6
"""Terms that are left out one after the other."""

MOST_POWER = 4
"""Of a column in a term."""


def shortened(found: Judged, judge: Judge) -> list[Judged]:
    """Shorter forms of a relation, each better than the one before."""
    made, best = [], found
    for _ in range(ROUNDS):
        better = None
        for form in (*_without_a_term(best), *_multiples(best.form, judge.n)):
            one = judge.judged(form)
            if one is not None and one.bits < (better or best).bits:
                better = one
        if better is None:
            break
        best = better
        made.append(best)
    return made


def _without_a_term(found: Judged) -> Iterator[Form]:
    form = found.form
    if form.size < 3:
        return
    if form.free:
        yield replace(form, free=False)
    for k in range(len(form.terms)):
        terms = form.terms[:k] + form.terms[k + 1 :]
        if terms and (len(terms) > 1 or form.free):
            terms, rates = without_idle(terms, form.rates)
            shorter = Form(terms, form.free, rates)
            if len(shorter.columns) > 1:
                yield shorter


def _multiples(form: Form, n: int) -> list[Form]:
    """Cheaper forms of the same surface: times a power of a column, or divided by the powers of one of its terms."""
    d = len(form.terms[0].powers)
    factors = {tuple(-power for power in term.powers) for term in form.terms if any(term.powers)}
    for j in range(d):
        for term in form.terms:
            if term.powers[j]:
                factors.add(tuple(-term.powers[j] if k == j else 0.0 for k in range(d)))
    own = form_bits(form, n)
    made = [one for factor in sorted(factors) if (one := _times(form, factor)) is not None]
    return sorted((one for one in made if form_bits(one, n) < own), key=lambda one: form_bits(one, n))[:3]


def _times(form: Form, factor: tuple[float, ...]) -> Form | None:
    zero = (0.0,) * len(factor)
    terms = [*form.terms, *([Term(zero)] if form.free else [])]
    moved = [Term(tuple(a + b for a, b in zip(term.powers, factor, strict=True)), term.functions) for term in terms]
    free = Term(zero) in moved
    kept = tuple(term for term in moved if term != Term(zero))
    if max((abs(power) for term in kept for power in term.powers), default=0.0) > MOST_POWER or not kept:
        return None
    return Form(kept, free, form.rates)
