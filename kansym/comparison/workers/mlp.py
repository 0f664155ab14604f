"""A multilayer perceptron of as many fitted numbers as a small spline network has: what is predicted without a formula.

Two hidden layers of equal width, tanh, in- and outputs scaled, full-batch L-BFGS in double precision, early stopping on
a fifth of the rows; up to `STARTS` starts while there is time, of which the best on that fifth is kept.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from kansym.comparison.request import Answer, PeerError, Progress, Request
from kansym.data.scaling import Scaling

HIDDEN, GRID, ORDER = 5, 8, 3
"""The spline network that sets the size: [d, 5, 1], cubic, eight intervals. A peer does not know which network kansym
ended with; this is a common one."""

PER_EDGE = GRID + ORDER + 2
"""Coefficients of a spline, and its two scales, as pykan counts them."""

STARTS = 5

VALIDATION = 0.2
"""Share of the rows that decides when to stop."""

FEWEST_ROWS = 10
"""Below, nothing is held back: one or two rows decide nothing."""

INNER_STEPS = 20
"""Of L-BFGS between two looks at the validation rows."""

PATIENCE = 20
"""Looks without an error that is a hundredth lower, after which a start counts as converged."""

LEAST_GAIN = 1e-2

HISTORY = 50

REPORT_EVERY = 1.0
"""Seconds between lines of progress."""


class _TimeUpError(Exception):
    """Ends a step of L-BFGS from inside."""


def prepare(progress: Progress | None = None) -> None:
    """One thread, as all peers have."""
    torch.set_num_threads(1)


def search(request: Request, progress: Progress) -> Answer:
    """Train the network.

    Returns
    -------
    Answer
        Predictions at the request's points, and the count of weights and biases.

    Raises
    ------
    PeerError
        If no start led to a network with finite values.
    """
    start = time.perf_counter()
    until = time.monotonic() + request.seconds
    scaling = Scaling.fit(request.X, request.y)
    generator = torch.Generator().manual_seed(request.seed % 2**63)
    data = _Data.of(request, scaling, generator)
    width = width_for(request.X.shape[1])
    told = time.monotonic()
    best, state, converged, starts = math.inf, None, 0, 0
    for starts in range(1, STARTS + 1):

        def report(look: int, error: float, number: int = starts) -> None:
            nonlocal told
            if time.monotonic() - told >= REPORT_EVERY:
                told = time.monotonic()
                progress(f"start {number}, step {look * INNER_STEPS}: error {math.sqrt(error) * scaling.y_scale:.3g}")

        outcome = _train(_initial(request.X.shape[1], width, generator), data, until, report)
        converged += outcome.converged
        if outcome.error < best:
            best, state = outcome.error, outcome.state
        if time.monotonic() > until:
            break
    if state is None:
        raise PeerError("training led to no finite values")
    with torch.no_grad():
        values = forward(state, torch.from_numpy(scaling.scale_inputs(request.points))).numpy()
    return Answer(
        predictions=values * scaling.y_scale + scaling.y_center,
        seconds=time.perf_counter() - start,
        parameters=sum(tensor.numel() for tensor in state),
        remark=f"2 hidden layers of {width} tanh; {converged} of {starts} starts converged",
        version=torch.__version__,
    )


def spline_parameters(columns: int) -> int:
    """Fitted numbers of the spline network that sets the size."""
    return (columns * HIDDEN + HIDDEN) * PER_EDGE


def parameters_of(columns: int, width: int) -> int:
    """Weights and biases of two hidden layers of that width."""
    return (columns + 1) * width + (width + 1) * width + width + 1


def width_for(columns: int) -> int:
    """The width whose count of weights and biases is nearest to that of the spline network."""
    target = spline_parameters(columns)
    return min(range(1, target), key=lambda width: abs(parameters_of(columns, width) - target))


def forward(state: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Outputs (n,) of the network with weights and biases `state` for scaled inputs x (n, d)."""
    first, first_bias, second, second_bias, last, last_bias = state
    hidden = torch.tanh(torch.tanh(x @ first + first_bias) @ second + second_bias)
    return (hidden @ last + last_bias)[:, 0]


@dataclass(frozen=True, eq=False)
class _Data:
    """Scaled rows, and which of them decide when to stop."""

    x: torch.Tensor
    y: torch.Tensor
    weights: torch.Tensor
    training: torch.Tensor
    validation: torch.Tensor
    """The training rows themselves where there are few."""

    @classmethod
    def of(cls, request: Request, scaling: Scaling, generator: torch.Generator) -> "_Data":
        count = len(request.y)
        order = torch.randperm(count, generator=generator)
        held = round(VALIDATION * count) if count >= FEWEST_ROWS else 0
        weights = np.ones(count) if request.weights is None else request.weights
        return cls(
            torch.from_numpy(scaling.scale_inputs(request.X)),
            torch.from_numpy((request.y - scaling.y_center) / scaling.y_scale),
            torch.from_numpy(weights),
            order[held:],
            order[:held] if held else order,
        )

    def error(self, state: Sequence[torch.Tensor], rows: torch.Tensor) -> torch.Tensor:
        residual = forward(state, self.x[rows]) - self.y[rows]
        return (self.weights[rows] * residual.square()).sum() / self.weights[rows].sum()


@dataclass
class _Outcome:
    """The best state of a start on the validation rows."""

    error: float = math.inf
    state: list[torch.Tensor] | None = field(default=None)
    converged: bool = False


def _initial(columns: int, width: int, generator: torch.Generator) -> list[torch.Tensor]:
    """Glorot's uniform weights, which suit tanh (Glorot and Bengio 2010), and biases of zero."""
    state = []
    for inner, outer in ((columns, width), (width, width), (width, 1)):
        bound = math.sqrt(6 / (inner + outer))
        weight = torch.empty(inner, outer, dtype=torch.float64).uniform_(-bound, bound, generator=generator)
        state += [weight.requires_grad_(), torch.zeros(outer, dtype=torch.float64, requires_grad=True)]
    return state


def _train(state: list[torch.Tensor], data: _Data, until: float, report: Callable[[int, float], None]) -> _Outcome:
    """L-BFGS until the error on the validation rows stops falling, or time is up."""
    optimizer = torch.optim.LBFGS(
        state,
        lr=1.0,
        max_iter=INNER_STEPS,
        history_size=HISTORY,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-12,
        tolerance_change=1e-14,
    )

    def closure() -> torch.Tensor:
        if time.monotonic() > until:
            raise _TimeUpError
        optimizer.zero_grad()
        loss = data.error(state, data.training)
        loss.backward()
        return loss

    outcome, mark, waited, look = _Outcome(), math.inf, 0, 0
    while True:
        ended = False
        try:
            optimizer.step(closure)
        except _TimeUpError:
            # The point is one of a line search, and as good as any: the validation rows judge it.
            ended = True
        look += 1
        with torch.no_grad():
            error = float(data.error(state, data.validation))
        if not math.isfinite(error):
            return outcome
        if error < outcome.error:
            outcome.error, outcome.state = error, [tensor.detach().clone() for tensor in state]
        if ended:
            return outcome
        report(look, outcome.error)
        if error < (1 - LEAST_GAIN) * mark:
            mark, waited = error, 0
        else:
            waited += 1
            if waited >= PATIENCE:
                outcome.converged = True
                return outcome
