"""Engines that train networks and read their edges as functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

import numpy as np
import sympy

from kansym import clock
from kansym.deferred import torch
from kansym.extraction.composition import compose
from kansym.extraction.matching import match_edges
from kansym.extraction.selection import SymbolicCandidate
from kansym.kan.decision import Decision
from kansym.kan.growth import Candidate
from kansym.kan.network import Network, format_shape
from kansym.provenance import signed
from kansym.search.agenda.curves import permitted
from kansym.search.agenda.engine import whole_budget
from kansym.search.agenda.task import INTERPOLATED, Found, Proposal, Task
from kansym.search.networks import PROMISING, Networks
from kansym.search.results import NetworkReading
from kansym.search.rows import FitRows
from kansym.symbolic.complexity import description_length
from kansym.symbolic.steps import Step, StepKind, Structure

EDGE_BITS = 4.0
"""Least bits of a primitive that is not the identity: an operator and a share of an operand."""

MATCHES = 5
"""Primitives of an edge that are handed on."""

FORMS = 3
"""Forms of one network that are read."""

READING = 0.2
"""Share of the budget for a first reading of one network: many are of the wrong shape."""

NEARLY_EXACT = 1e-6
"""Error of a symbolic network, in spreads of y, from which on it is no law without noise."""

CLOSE, NEAR = 1e-6, 1e-3
"""Error of a network, in spreads of y, below which it is precise without noise though finer grids do not bring it
nearer: splines may be all that its law has; and the same of one with one hidden level that they do bring nearer. Deeper
ones come nearer to any law with finer grids, and take long to read."""

BETTER, AS_GOOD = 0.5, 1.44
"""Squared error in units of that of the pick below which a network is read at once, and in units of that of the best
network up to which smaller ones are read in its place: what they leave is noise, or all that splines can do."""

LAST, LAST_OTHERS = 3, 2
"""Networks as good as the best that are read thoroughly in the end, the smallest first, and others."""


def networks_of(task: Task) -> Networks:
    """What trains and reads networks of a table."""
    # The user's shapes are for the user's columns.
    growth = task.options.growth if task.whole else replace(task.options.growth, shapes=())
    return Networks(task.rows, replace(task.options, growth=growth), task.device, whole_budget(task))


@signed("networks")
def trained_networks(task: Task) -> Iterator[Proposal]:
    """Networks from the smallest up: the precise ones are read as they come, and the best thoroughly in the end."""
    networks, precise = networks_of(task), _precision(task)
    trained, finished, decisions = list[Candidate](), set[int](), list[Decision]()
    for candidate in networks.grower(decisions.append):
        yield from decisions
        decisions.clear()
        yield networks.trained(candidate)
        trained.append(candidate)
        pick = task.ground.pick if task.whole else None
        better = pick is None or networks.loss(candidate) < BETTER * pick.validation_loss
        if better and math.sqrt(candidate.validation_loss) < max(precise(candidate), 3 * networks.floor):
            close = yield from _read(task, networks, candidate, thorough=False)
            if close:
                finished.add(id(candidate))
    best = min((one.validation_loss for one in trained), default=0.0)
    as_good = [one for one in trained if one.validation_loss < AS_GOOD * best]
    others = sorted((one for one in trained if one not in as_good), key=lambda one: one.validation_loss)
    for candidate in (*as_good[:LAST], *others[:LAST_OTHERS]):
        if id(candidate) not in finished:
            yield from _read(task, networks, candidate, thorough=True)


def _precision(task: Task) -> Callable[[Candidate], float]:
    """Validation RMSE, in spreads of y, below which a network is near the noise, or without noise near its law.

    One of the wrong shape may come near a law without noise. To read it takes longer than to train a few larger ones.
    """
    smooth = None if task.surrogate is None or task.whole else task.surrogate.error
    # Where something smooth is known to reach an error, networks far above it have the wrong shape.
    most = PROMISING if smooth is None else min(PROMISING, max(INTERPOLATED, 30 * smooth))
    if task.noisy:
        return lambda candidate: most
    return lambda candidate: min(most, NEAR if len(candidate.network.shape) <= 3 and candidate.converges else CLOSE)


def _read(task: Task, networks: Networks, candidate: Candidate, *, thorough: bool) -> Generator[Proposal, None, bool]:
    """Prune, eliminate, match, and select in context; whether a form came near the network's error."""
    label, pruned = format_shape(candidate.network.shape), networks.pruned(candidate)
    until, done = math.inf if thorough else whole_budget(task, READING), False
    for lean in networks.lean(pruned.network, noisy=task.noisy)[:FORMS]:
        selector = networks.selector()
        found = selector.select(lean, thorough=thorough, until=until)
        close = thorough or selector.is_close(found, lean)
        # Without noise a law leaves nothing.
        rough = not (thorough or task.noisy) and bool(found) and found[0].validation_loss > NEARLY_EXACT**2
        done |= close
        kept = found if close and not rough else found[:1]
        yield from _formulas(task, networks, kept, (Step(StepKind.NETWORK, label),), lean.to("cpu"))
        if clock.late(until):
            break
    return done


@signed("edges")
def edge_readings(task: Task) -> Iterator[Proposal]:
    """A table with one input is one edge: the primitives of the library, the user's own among them."""
    X, y, weights, (variable,) = task.table()
    weights = task.evened(y, weights)
    x, values = (torch.from_numpy(np.ascontiguousarray(one))[None] for one in (X[:, 0], y))
    told = None if weights is None else torch.from_numpy(np.ascontiguousarray(weights))
    library = task.options.primitives.distinct()
    (matches,) = match_edges(x, values, library, weights=told, top_k=MATCHES, seed=task.options.seed)
    yield from permitted(task, (match.sympy(variable) for match in matches))


def _formulas(
    task: Task, networks: Networks, found: list[SymbolicCandidate], structure: Structure, trained: Network
) -> Iterator[Proposal]:
    for symbolic in found[: task.options.formulas_per_network]:
        loss, pick = networks.user_loss(symbolic.train_loss), task.ground.pick if task.whole else None
        if pick is not None and _least_bits(symbolic.curved_edges, loss, task.rows) >= pick.description_length:
            continue
        network = symbolic.network.to("cpu")
        raw = compose(network, task.rows.variables, networks.map)
        reading = NetworkReading(network, trained) if task.whole else None
        yield Found(task.compose(raw), task.problem, reading, structure=structure)


def _least_bits(curved_edges: int, loss: float, rows: FitRows) -> float:
    """Description length of a formula that leaves so much and is as short as so many primitives allow.

    Each that is not the identity needs at least an operator and a share of an operand.
    """
    n, d = rows.dataset.X.shape
    given = rows.errors_given
    return EDGE_BITS * curved_edges + description_length(sympy.S.One, n, loss, rows.noise_floor, d, errors_given=given)
