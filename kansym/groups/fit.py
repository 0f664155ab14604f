"""The constants of one form fitted to all groups at once, some of them shared and some of each group's own.

Residuals of all groups are one vector. Its Jacobian has dense columns for shared constants and blocks for the others,
so the normal equations of each group's own constants are solved group by group, and what is left are equations for
the shared ones alone (a Schur complement). Time and memory grow with the rows, and not with the square of the number
of groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.groups.table import GroupedTable
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.refit import zero_if_undefined

FIRST_DAMPING, LEAST_DAMPING, LARGEST_DAMPING = 1e-3, 1e-13, 1e8
"""Of steps, relative to columns of the Jacobian of unit length."""

SETTLED = 1e-11
"""Relative gain of a step that is none."""

SINGULAR = 1e-13
"""Eigenvalues of scaled normal equations below this share of the largest count as zero."""

LONE = 1e-6
"""A row whose leverage is within this of 1 is not predicted by any other."""


@dataclass(frozen=True, eq=False)
class GroupedRows:
    """The rows of a grouped table as a fit takes them.

    Attributes
    ----------
    columns : tuple of d arrays (n,)
    y : array (n,)
    root : array (n,)
        What residuals are multiplied by: one over the error of each row, as far as it is known.
    codes : array of int (n,)
        Group of each row, ascending.
    starts : array of int (G,)
        First row of each group.
    """

    columns: tuple[np.ndarray, ...]
    y: np.ndarray
    root: np.ndarray
    codes: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, table: GroupedTable) -> "GroupedRows":
        dataset = table.dataset
        root = np.ones(dataset.n_rows) if dataset.y_error is None else 1.0 / dataset.y_error
        if dataset.sample_weight is not None:
            root = root * np.sqrt(dataset.sample_weight / dataset.sample_weight.mean())
        return cls(columns_of(dataset.X, dataset.n_columns), dataset.y, root, table.codes, table.starts)

    @cached_property
    def counts(self) -> np.ndarray:
        """Rows of each group (G,)."""
        return np.diff(np.append(self.starts, len(self.y)))

    def at_levels(self, levels: np.ndarray) -> "GroupedRows":
        """The rows with errors of a size of its own in each group, `levels` (G,)."""
        return replace(self, root=self.root / levels[self.codes])

    def sums(self, array: np.ndarray) -> np.ndarray:
        """Sums over the rows of each group, (n, ...) -> (G, ...)."""
        return np.add.reduceat(array, self.starts, axis=0)

    def values(self, form: ParametricForm, values: np.ndarray) -> np.ndarray:
        """The form (n,) with constants (G, k)."""
        # A compiled formula takes arrays for constants as well.
        return form.value_at(self.columns, values[self.codes].T)

    def residuals(self, form: ParametricForm, values: np.ndarray) -> np.ndarray:
        """Weighted residuals (n,), nan where the form is not finite."""
        with np.errstate(all="ignore"):
            return (self.values(form, values) - self.y) * self.root

    def jacobian(self, form: ParametricForm, values: np.ndarray) -> np.ndarray:
        """Weighted derivatives (n, k) by each row's own constants, zero where there is none."""
        clock.charge(Work.DENSE_PRODUCTS, len(self.y) * values.shape[1] ** 2)
        with np.errstate(all="ignore"):
            return zero_if_undefined(form.jacobian_at(self.columns, values[self.codes].T) * self.root[:, None])

    def losses(self, residuals: np.ndarray) -> np.ndarray:
        """Sum of squares of each group (G,); inf where a residual is not finite."""
        with np.errstate(all="ignore"):
            sums = self.sums(residuals**2)
        return np.where(np.isfinite(sums), sums, np.inf)


def descend(
    form: ParametricForm,
    rows: GroupedRows,
    shared: np.ndarray,
    start: np.ndarray,
    *,
    max_steps: int = 60,
    active: Sequence[int] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Least squares over all groups by Levenberg-Marquardt: constants (G, k), and sums of squares (G,).

    Without shared constants the groups are independent fits, each with its own damping. Never worse than the start.

    Parameters
    ----------
    form : ParametricForm
        Its values are not used.
    rows : GroupedRows
    shared : array of bool (k,)
        Constants that are the same in all groups.
    start : array (G, k)
        Equal over the groups for shared constants.
    max_steps : int, default 60
    active : sequence of int, optional
        Constants that move; default all.
    """
    values, together = np.array(start, dtype=np.float64), bool(shared.any())
    residuals = rows.residuals(form, values)
    losses = rows.losses(residuals)
    damping = np.full(len(values), FIRST_DAMPING)
    done = np.zeros(len(values), dtype=bool)
    equations: _Equations | None = None
    for _ in range(max_steps):
        if equations is None:
            jacobian = rows.jacobian(form, values)
            if active is not None:
                still = np.ones(values.shape[1], dtype=bool)
                still[list(active)] = False
                jacobian[:, still] = 0.0
            equations = _Equations.of(rows, jacobian, zero_if_undefined(residuals), shared)
        clock.charge(Work.SMALL_FITS, 1 + 0.1 * len(values))
        trial = values + equations.step(damping)
        trial_residuals = rows.residuals(form, trial)
        trial_losses = rows.losses(trial_residuals)
        if together:
            before, after = losses.sum(), trial_losses.sum()
            better = np.full(len(values), after < before)
            flat = np.full(len(values), bool(after < np.inf and before - after <= SETTLED * before))
        else:
            better = trial_losses < losses
            with np.errstate(invalid="ignore"):
                flat = np.isfinite(trial_losses) & (losses - trial_losses <= SETTLED * losses)
        flat &= (damping <= FIRST_DAMPING) & (better | (trial_losses <= losses * (1 + SETTLED)) | together)
        done |= (better & flat) | (damping > LARGEST_DAMPING) | (~better & flat & (damping <= 1e-6))
        if better.any():
            values = np.where(better[:, None], trial, values)
            residuals = np.where(better[rows.codes], trial_residuals, residuals)
            losses, equations = np.where(better, trial_losses, losses), None
        damping = np.where(better, np.maximum(damping / 10, LEAST_DAMPING), damping * 6)
        if done.all():
            break
    return values, losses


@dataclass(frozen=True, eq=False)
class _Equations:
    """Normal equations with each column of unit length: of each group's own constants, and of the shared ones."""

    scale: np.ndarray
    matrix: np.ndarray
    right: np.ndarray
    shared: np.ndarray

    @classmethod
    def of(cls, rows: GroupedRows, jacobian: np.ndarray, residuals: np.ndarray, shared: np.ndarray) -> "_Equations":
        # Large numbers overflow in products.
        largest = np.abs(jacobian).max(axis=0, initial=0.0)
        largest = np.where(largest > 0, largest, 1.0)
        unit = jacobian / largest
        matrix = rows.sums(unit[:, :, None] * unit[:, None, :])
        lengths = np.sqrt(np.diagonal(matrix, axis1=1, axis2=2))
        lengths = np.where(shared, np.sqrt((lengths**2).sum(axis=0)), lengths)
        lengths = np.where(lengths > 0, lengths, 1.0)
        right = rows.sums(unit * residuals[:, None]) / lengths
        return cls(lengths * largest, matrix / (lengths[:, :, None] * lengths[:, None, :]), right, shared)

    def step(self, damping: np.ndarray) -> np.ndarray:
        """Change (G, k) of the constants that lowers the sum of squares, for damping (G,)."""
        own, shared = np.flatnonzero(~self.shared), np.flatnonzero(self.shared)
        change = np.zeros_like(self.right)
        block = self.matrix[:, own[:, None], own] + (damping[:, None, None] + SINGULAR) * np.eye(len(own))
        both = np.concatenate([self.matrix[:, own[:, None], shared], self.right[:, own, None]], axis=2)
        solved = _solve(block, both)
        if len(shared):
            down = np.swapaxes(self.matrix[:, own[:, None], shared], 1, 2)
            rest = self.matrix[:, shared[:, None], shared].sum(axis=0) - (down @ solved[:, :, :-1]).sum(axis=0)
            right = self.right[:, shared].sum(axis=0) - (down @ solved[:, :, -1:]).sum(axis=0)[:, 0]
            common = _solve(rest + (damping[0] + SINGULAR) * np.eye(len(shared)), right[:, None])[:, 0]
            change[:, shared] = -common
            change[:, own] = -solved[:, :, -1] + solved[:, :, :-1] @ common
        else:
            change[:, own] = -solved[:, :, -1]
        with np.errstate(all="ignore"):
            return zero_if_undefined(change / self.scale)

    def inverse(self) -> tuple[np.ndarray, np.ndarray]:
        """Inverse (G, k, k) for the constants that a group sees, and which of these (G, k) are not determined."""
        own, shared = np.flatnonzero(~self.shared), np.flatnonzero(self.shared)
        inverse = np.zeros_like(self.matrix)
        block, loose = _pseudo_inverse(self.matrix[:, own[:, None], own])
        free = np.zeros(self.right.shape, dtype=bool)
        free[:, own] = loose
        if len(shared):
            cross = self.matrix[:, own[:, None], shared]
            down = np.swapaxes(cross, 1, 2)
            rest = self.matrix[:, shared[:, None], shared].sum(axis=0) - (down @ block @ cross).sum(axis=0)
            common, undetermined = _pseudo_inverse(rest[None])
            free[:, shared] = undetermined[0]
            carried = block @ cross
            inverse[:, shared[:, None], shared] = common
            inverse[:, own[:, None], shared] = -carried @ common[0]
            inverse[:, shared[:, None], own] = np.swapaxes(-carried @ common[0], 1, 2)
            inverse[:, own[:, None], own] = block + carried @ common[0] @ np.swapaxes(carried, 1, 2)
        else:
            inverse[:, own[:, None], own] = block
        with np.errstate(all="ignore"):
            return inverse / self.scale[:, :, None] / self.scale[:, None, :], free


def _solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        return np.linalg.pinv(matrix, hermitian=True) @ right


def _pseudo_inverse(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverses of symmetric matrices (m, k, k) without the directions that are as good as zero, and which
    constants (m, k) have a part in those."""
    if matrix.shape[-1] == 0:
        return matrix, np.zeros(matrix.shape[:-1], dtype=bool)
    sizes, vectors = np.linalg.eigh(matrix)
    kept = sizes > SINGULAR * np.maximum(sizes.max(axis=-1, keepdims=True), 1e-300)
    factors = np.where(kept, 1.0 / np.where(kept, sizes, 1.0), 0.0)
    inverse = (vectors * factors[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    loose = ((np.abs(vectors) > 1e-3) & ~kept[:, None, :]).any(axis=-1)
    return inverse, loose


@dataclass(frozen=True, eq=False)
class JointFit:
    """One form fitted to all groups.

    Attributes
    ----------
    form : ParametricForm
    shared : array of bool (k,)
    values : array (G, k)
        Equal over the groups where shared.
    residuals : array (n,)
        Weighted, see `GroupedRows.root`.
    covariance : array (G, k, k)
        Of the constants that each group sees, for weighted residuals of variance one.
    undetermined : array of bool (G, k)
    leverage : array (n,)
        Of each row on its own prediction.
    """

    form: ParametricForm
    shared: np.ndarray
    values: np.ndarray
    residuals: np.ndarray
    covariance: np.ndarray
    undetermined: np.ndarray
    leverage: np.ndarray

    @property
    def fitted(self) -> int:
        """Number of constants that were fitted."""
        own = int((~self.shared).sum())
        return int(self.shared.sum()) + own * len(self.values)

    def left_out(self, rows: GroupedRows) -> np.ndarray:
        """Residuals (n,) as of rows predicted from the others, by generalized cross-validation in each group (Golub,
        Heath and Wahba 1979, doi:10.1080/00401706.1979.10489751); of a row that nothing predicts, the row itself.

        Each row's own leverage would let the one at a pole decide for a group: by chance.
        """
        alone = self.leverage > 1 - LONE
        mean = rows.sums(self.leverage) / rows.counts
        return np.where(alone, rows.y * rows.root, self.residuals / np.maximum(1 - mean, 1e-3)[rows.codes])


def joint_fit(
    form: ParametricForm, rows: GroupedRows, shared: np.ndarray, start: np.ndarray, *, max_steps: int = 60
) -> JointFit | None:
    """Fit a form to all groups; None where it has no finite value at the start.

    Parameters
    ----------
    form : ParametricForm
    rows : GroupedRows
    shared : array of bool (k,)
    start : array (G, k)
        For shared constants the median over the groups is taken.
    max_steps : int, default 60
    """
    start = np.where(shared, np.median(start, axis=0), start)
    linear = form.linear_constants
    if linear:
        start, _ = descend(form, rows, shared, start, max_steps=4, active=linear)
    values, losses = descend(form, rows, shared, start, max_steps=max_steps)
    return described(form, rows, shared, values) if np.isfinite(losses).all() else None


def described(form: ParametricForm, rows: GroupedRows, shared: np.ndarray, values: np.ndarray) -> JointFit:
    """The fit at a minimum, with the covariance of its constants."""
    residuals = rows.residuals(form, values)
    jacobian = rows.jacobian(form, values)
    inverse, loose = _Equations.of(rows, jacobian, zero_if_undefined(residuals), shared).inverse()
    leverage = np.einsum("ni,nij,nj->n", jacobian, inverse[rows.codes], jacobian)
    return JointFit(form, shared, values, residuals, inverse, loose, np.clip(leverage, 0.0, 1.0))
