"""The rows that sums are fitted to: columns of all arguments, the target, and what each row counts."""

from __future__ import annotations

from dataclasses import dataclass

from kansym.deferred import Tensor, torch


@dataclass(frozen=True, eq=False)
class TermRows:
    """A table for sums of products.

    Attributes
    ----------
    columns : Tensor (A, n)
        Each argument on the rows.
    y : Tensor (n,) or (J, n)
        Target times root weights, of mean square one over all rows; or several that are sums of the same terms.
    root : Tensor (n,)
        Root weights, such that squared residuals count alike; under a link |dy/dz| is among them.
    size : float
        Root mean square of the target times root weights before it was divided by it.
    """

    columns: Tensor
    y: Tensor
    root: Tensor
    size: float = 1.0

    @property
    def number(self) -> int:
        return self.y.shape[-1]

    def take(self, index: Tensor) -> TermRows:
        return TermRows(self.columns[:, index].contiguous(), self.y[..., index], self.root[index], self.size)


def orthonormal(terms: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Orthonormal bases of terms (..., K, n) by Gram-Schmidt, twice.

    Batches have thousands of small problems, for which a library's QR is slow, most of all on a GPU; a second pass
    leaves the basis orthogonal to rounding (Giraud, Langou and Rozloznik 2005, doi:10.1016/j.camwa.2005.08.009).

    Returns
    -------
    basis : Tensor (..., K, n)
    triangle : Tensor (..., K, K)
        Upper triangular, with terms of unit length.
    size : Tensor (..., K)
        Lengths of the terms.
    """
    size = torch.linalg.vector_norm(terms, dim=-1)
    count = terms.shape[-2]
    basis = torch.zeros_like(terms)
    triangle = terms.new_zeros(*terms.shape[:-1], count)
    for k in range(count):
        v = terms[..., k, :] / size[..., k, None]
        if k:
            before = basis[..., :k, :]
            for _ in range(2):
                share = (before @ v[..., None])[..., 0]
                v = v - (share[..., None, :] @ before)[..., 0, :]
                triangle[..., :k, k] += share
        length = torch.linalg.vector_norm(v, dim=-1)
        triangle[..., k, k] = length
        basis[..., k, :] = v / length[..., None]
    return basis, triangle, size
