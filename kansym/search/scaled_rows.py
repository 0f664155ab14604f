"""The rows of a `FitRows` as networks see them: scaled, as tensors, and not too many."""

import numpy as np
import torch
from torch import Tensor

from kansym.data.preparation import thinned
from kansym.data.scaling import Scaling
from kansym.extraction.selection import Rows
from kansym.search.formulation import FitRows


def fitted_scaling(fit_rows: FitRows, most: int) -> Scaling:
    """Of at most `most` training rows. The target is not centred, so that a product stays a product."""
    X, y, _ = fit_rows.rows(thinned(fit_rows.train, most))
    fitted = Scaling.fit(X, y, center_target=False)
    spread = float(np.std(y / fitted.y_scale)) * fitted.y_scale or fitted.y_scale
    return Scaling(fitted.center, fitted.half_width, 0.0, spread)


def scaled_rows(fit_rows: FitRows, scaling: Scaling, most: int, device: torch.device | str = "cpu") -> Rows:
    """At most `most` training rows and a quarter as many held-out ones.

    Formulas are fitted on all rows; a spline of some twenty coefficients is settled by a few thousand.
    """

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    def relative(weights: np.ndarray | None) -> Tensor | None:
        # Each of the two parts of mean 1, so that losses are mean squares, comparable with those of formulas.
        return None if weights is None or not weights.any() else tensor(weights / weights.mean())

    X, y, weights = fit_rows.rows(thinned(fit_rows.train, most))
    Xv, yv, held_out = fit_rows.rows(thinned(fit_rows.validation, most // 4))
    return Rows(
        x=tensor(scaling.scale_inputs(X)),
        y=tensor(scaling.scale_target(y)),
        validation=(tensor(scaling.scale_inputs(Xv)), tensor(scaling.scale_target(yv)), relative(held_out)),
        weights=relative(weights),
    )
