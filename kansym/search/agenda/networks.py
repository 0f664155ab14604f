"""Engines that train networks and read their edges as functions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from kansym import clock
from kansym.deferred import torch
from kansym.extraction.composition import compose
from kansym.extraction.matching import match_edges
from kansym.extraction.selection import SymbolicCandidate
from kansym.kan.growth import Candidate
from kansym.kan.network import Network, format_shape
from kansym.provenance import signed
from kansym.search.agenda.curves import permitted
from kansym.search.agenda.engine import whole_budget
from kansym.search.agenda.task import INTERPOLATED, Found, Proposal, Task
from kansym.search.held import HeldNetworks
from kansym.search.networks import PROMISING, Networks
from kansym.search.prospects import could_win, may_better
from kansym.search.results import NetworkReading
from kansym.symbolic.steps import Step, StepKind, Structure

MATCHES = 5
"""Primitives of an edge that are handed on."""

FORMS = 3
"""Forms of one network that are read."""

READING = 0.2
"""Share of the budget for a first reading of one network: many are of the wrong shape."""

NEARLY_EXACT = 1e-6
"""Error of a symbolic network, in spreads of y, from which on it is no law without noise."""


def networks_of(task: Task) -> Networks:
    """What trains and reads networks of a table."""
    # The user's shapes are for the user's columns.
    growth = task.options.growth if task.whole else replace(task.options.growth, shapes=())
    return Networks(task.rows, replace(task.options, growth=growth), task.device, whole_budget(task))


@signed("networks")
def trained_networks(task: Task) -> Iterator[Proposal]:
    """Networks from the smallest up, read as they come."""
    networks, read, best = networks_of(task), False, math.inf
    smooth = None if task.surrogate is None or task.whole else task.surrogate.error
    # Where something smooth is known to reach an error, networks far above it have the wrong shape.
    promising = PROMISING if smooth is None else min(PROMISING, max(INTERPOLATED, 30 * smooth))
    held, decisions = HeldNetworks(networks, promising), []
    for candidate in networks.grower(decisions.append):
        yield from decisions
        decisions.clear()
        yield networks.trained(candidate)
        held.all.append(candidate)
        pick = task.ground.pick if task.whole else None
        best = min(best, math.inf if pick is None else pick.validation_loss)
        chosen = held.next(best, noisy=task.noisy)
        if chosen is not None and may_better(networks.loss(chosen), pick, task.rows):
            read = True
            yield from _read(task, networks, held, chosen, thorough=False)
    for candidate, thorough in held.rest(unread=not read):
        yield from _read(task, networks, held, candidate, thorough=thorough)


def _read(
    task: Task, networks: Networks, held: HeldNetworks, candidate: Candidate, *, thorough: bool
) -> Iterator[Proposal]:
    """Prune, eliminate, match, and select in context."""
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
    # A quick look that comes nowhere near the network's error leaves it for the end of the ladder.
    held.mark(candidate, done=done)


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
        if not could_win(symbolic.curved_edges, loss, pick, task.rows):
            continue
        network = symbolic.network.to("cpu")
        raw = compose(network, task.rows.variables, networks.map)
        reading = NetworkReading(network, trained) if task.whole else None
        yield Found(task.compose(raw), task.problem, reading, structure=structure)
