"""An edited network as a result: its formula, the front with it, and a discovery that can be saved."""

import math
from collections.abc import Sequence
from dataclasses import replace

from kansym import clock
from kansym.editing.constants import with_scaling
from kansym.editing.context import EditContext
from kansym.editing.held_formula import held_constants, held_formula, held_inside
from kansym.editing.history import State
from kansym.errors import ArgumentError
from kansym.kan.network import Network, format_shape
from kansym.kan.pruning import remove_below
from kansym.kan.restructure import compacted, with_nodes
from kansym.search.final_fit import far_rows, refitted
from kansym.search.formulation import formulate
from kansym.search.front import ParetoFront
from kansym.search.results import NETWORK_BETTER, Discovery, NetworkReading, StopReason, TrainedNetwork
from kansym.symbolic.formula import Formula
from kansym.threads import threads_for

BY_HAND = StopReason.EDITED
"""Why a discovery of an edited network ended."""


UNSEEN = 1e-12
"""Share of the spread of an output below which an edge does not reach it."""


def number_of_output(context: EditContext, output: str | int | None) -> int:
    """Position of an output by its name or number; None stands for the only one.

    Raises
    ------
    ArgumentError
        If there is none of this name, or none was named of several.
    """
    names = context.targets
    if output is None and len(names) == 1:
        return 0
    if isinstance(output, str) and output in names:
        return names.index(output)
    if isinstance(output, int) and not isinstance(output, bool) and 0 <= output < len(names):
        return output
    raise ArgumentError(f"output must be one of {', '.join(map(repr, names))}, got {output!r}")


def alone(state: State, context: EditContext, output: int) -> tuple[State, EditContext]:
    """The part of a network that leads to one output, as a state of its own, and the context of that output."""
    if not context.each:
        return state, context
    if ("alone", output) not in state.memo:
        network, *splines = (
            compacted(remove_below(with_nodes(one, len(one.layers), [output]), context.rows.x, UNSEEN))
            for one in (state.network, state.reference)
            if one is not None
        )
        state.memo["alone", output] = State(network, splines[0] if splines else network, state.label)
    return state.memo["alone", output], context.each[output]


def formula_of(state: State, context: EditContext, spline_edges: Sequence[str], max_seconds: float) -> Formula:
    """The formula of a state whose edges are all symbolic; see `EditableNetwork.formula`."""
    if spline_edges:
        raise ArgumentError(
            f"a formula needs every edge to be a primitive; still splines: {', '.join(spline_edges)} "
            "(fix or remove them, or let auto() choose)"
        )
    if "formula" not in state.memo:
        structure = f"network {format_shape(state.network.shape)}, {BY_HAND}"
        with threads_for(context.table.n_rows):
            best = _composed(state.network, context, structure, max_seconds)
        if best is None:
            raise ArgumentError(
                "the network has no formula with a finite value on every row, or one with more constants than there "
                "are rows; undo() the last step, or refit()"
            )
        inside = held_inside(state.network, context)
        if inside:
            said = ", ".join(f"{one.name} of edge {one.edge}" for one in inside)
            note = f"Held in the network and fitted in the formula, as hidden nodes have no units: {said}."
            best = replace(best, notes=(*best.notes, note))
        state.memo["formula"] = best
    return state.memo["formula"]


def _composed(network: Network, context: EditContext, structure: str, max_seconds: float) -> Formula | None:
    held = held_constants(network, context)
    if held:
        return held_formula(network, context, held, structure=structure)
    until = clock.now() + max_seconds
    found = formulate(network, context.affine_map, context.fresh_fit_rows(), structure=structure, deadline=until)
    best = min(found, key=lambda one: one.rank, default=None)
    table, loss = context.table, context.options.loss
    plain = table.y_error is None and loss == "linear" and table.n_rows == context.fit_rows.dataset.n_rows
    if best is not None and not plain:
        best = refitted(best, table, loss)[0]
    return best


def front_with(formula: Formula | None, context: EditContext) -> ParetoFront:
    """The run's front with one more formula, in place of one that says the same."""
    before = () if context.run is None else tuple(context.run.front)
    if formula is None:
        return ParetoFront.from_formulas(before, context.table.X)
    return ParetoFront.from_formulas(
        [*(one for one in before if not same_text(one, formula)), formula], context.table.X
    )


def same_text(one: Formula, other: Formula) -> bool:
    """Whether two formulas are the same to all digits that are shown."""
    return one is other or str(one) == str(other)


def discovery_of(state: State, context: EditContext, formula: Formula, steps: Sequence[str]) -> Discovery:
    """A discovery whose formula is the one that was made by hand."""
    front = front_with(formula, context)
    notes = [*context.table.notes, *(() if context.fit_rows.units is None else context.fit_rows.units.notes)]
    notes.append(f"The network was edited by hand: {'; '.join(steps)}.")
    if not same_text(front.best, formula):
        notes.append(
            f"By description length the pick of the front would be {front.best}, not the formula made by hand."
        )
    if all(one is not formula for one in front):
        front = ParetoFront([*front, formula])
    network = trained_network(state, context)
    comparable = not state.splines.is_symbolic and state.splines.shape == state.network.shape
    floor = context.fit_rows.noise_floor
    if len(context.fit_rows.validation) and formula.loss > max(9 * network.validation_loss, (3 * floor) ** 2):
        notes.append(NETWORK_BETTER.format(math.sqrt(formula.loss / network.validation_loss)))
    run = context.run
    told = context.table.y_error is not None or context.options.loss != "linear"
    return Discovery(
        front=front,
        formula=formula,
        network=network,
        reading=NetworkReading(state.network, state.splines if comparable else None),
        decisions=() if run is None else run.summary.growth,
        dataset=context.table,
        noise_floor=floor,
        seconds=0.0 if run is None else run.summary.seconds,
        stopped=BY_HAND,
        notes=tuple(dict.fromkeys(notes)),
        outliers=far_rows(formula, context.table) if told else (),
        guesses=() if run is None else run.summary.guesses,
    )


def trained_network(state: State, context: EditContext) -> TrainedNetwork:
    """The run's network or the edited one's splines, whichever is better, in the scaling of the context."""
    candidates = [state.splines]
    if context.run is not None and context.run.network is not None:
        own = context.run.network
        candidates.append(with_scaling(own.network, own.scaling, context.scaling))
    trained, named = [], (context.table.names, context.table.target)
    for network in candidates:
        errors = context.errors(network)
        trained.append(TrainedNetwork(network, context.scaling, errors.train**2, errors.held_out**2, *named))
    return min(trained, key=lambda one: one.validation_loss)
