"""What an edited network is read as: its formula, the front with it, and a discovery that can be saved."""

import math
import time
from collections.abc import Sequence

from kansym.editing.coordinates import moved
from kansym.editing.desk import Desk
from kansym.editing.held_formula import held_constants, held_formula
from kansym.editing.history import State
from kansym.errors import ArgumentError
from kansym.kan.growth import format_shape
from kansym.kan.network import Network
from kansym.search.final_fit import far_rows, refitted
from kansym.search.formulation import formulate
from kansym.search.front import ParetoFront
from kansym.search.notes import NETWORK_BETTER
from kansym.search.results import Discovery, NetworkReading, StopReason, TrainedNetwork
from kansym.symbolic.formula import Formula
from kansym.threads import threads_for

BY_HAND = StopReason.EDITED
"""Why a discovery of an edited network ended."""


def formula_of(state: State, desk: Desk, spline_edges: Sequence[str], max_seconds: float) -> Formula:
    """The formula of a state whose edges are all symbolic; see `EditableNetwork.formula`."""
    if spline_edges:
        raise ArgumentError(
            f"a formula needs every edge to be a primitive; still splines: {', '.join(spline_edges)} "
            "(fix or remove them, or let auto() choose)"
        )
    if "formula" not in state.memo:
        structure = f"network {format_shape(state.network.shape)}, {BY_HAND}"
        with threads_for(desk.table.n_rows):
            best = _composed(state.network, desk, structure, max_seconds)
        if best is None:
            raise ArgumentError(
                "the network has no formula with a finite value on every row, or one with more constants than there "
                "are rows; undo() the last step, or refit()"
            )
        state.memo["formula"] = best
    return state.memo["formula"]


def _composed(network: Network, desk: Desk, structure: str, max_seconds: float) -> Formula | None:
    held = held_constants(network, desk)
    if held:
        return held_formula(network, desk, held, structure=structure)
    until = time.monotonic() + max_seconds
    found = formulate(network, desk.map, desk.fresh_bench(), structure=structure, deadline=until)
    best = min(found, key=lambda one: one.rank, default=None)
    table, loss = desk.table, desk.options.loss
    plain = table.y_error is None and loss == "linear" and table.n_rows == desk.bench.dataset.n_rows
    if best is not None and not plain:
        best = refitted(best, table, loss)[0]
    return best


def front_with(formula: Formula | None, desk: Desk) -> ParetoFront:
    """The run's front with one more formula, in place of one that says the same."""
    before = () if desk.run is None else tuple(desk.run.front)
    if formula is None:
        return ParetoFront.from_formulas(before, desk.table.X)
    return ParetoFront.from_formulas([*(one for one in before if not same(one, formula)), formula], desk.table.X)


def same(one: Formula, other: Formula) -> bool:
    """Whether two formulas are the same to all digits that are shown."""
    return one is other or str(one) == str(other)


def discovery_of(state: State, formula: Formula, desk: Desk, steps: Sequence[str]) -> Discovery:
    """A discovery whose formula is the one that was made by hand."""
    front = front_with(formula, desk)
    notes = [*desk.table.notes, *(() if desk.bench.units is None else desk.bench.units.notes)]
    notes.append(f"The network was edited by hand: {'; '.join(steps)}.")
    if not same(front.best, formula):
        notes.append(
            f"By description length the pick of the front would be {front.best}, not the formula made by hand."
        )
    if all(one is not formula for one in front):
        front = ParetoFront([*front, formula])
    network = trained_network(state, desk)
    floor = desk.bench.noise_floor
    if len(desk.bench.validation) and formula.loss > max(9 * network.validation_loss, (3 * floor) ** 2):
        notes.append(NETWORK_BETTER.format(math.sqrt(formula.loss / network.validation_loss)))
    run = desk.run
    told = desk.table.y_error is not None or desk.options.loss != "linear"
    return Discovery(
        front=front,
        formula=formula,
        network=network,
        reading=NetworkReading(state.network, state.splines if not state.splines.is_symbolic else None),
        decisions=() if run is None else run.summary.growth,
        dataset=desk.table,
        noise_floor=floor,
        seconds=0.0 if run is None else run.summary.seconds,
        stopped=BY_HAND,
        notes=tuple(dict.fromkeys(notes)),
        outliers=far_rows(formula, desk.table) if told else (),
        guesses=() if run is None else run.summary.guesses,
    )


def trained_network(state: State, desk: Desk) -> TrainedNetwork:
    """The run's network or the edited one's splines, whichever is better, in the scaling of the desk."""
    candidates = [state.splines]
    if desk.run is not None and desk.run.network is not None:
        own = desk.run.network
        candidates.append(moved(own.network, own.scaling, desk.scaling))
    trained, named = [], (desk.table.names, desk.table.target)
    for network in candidates:
        errors = desk.errors(network)
        trained.append(TrainedNetwork(network, desk.scaling, errors.train**2, errors.held_out**2, *named))
    return min(trained, key=lambda one: one.validation_loss)
