"""A comparison as grounds of a certificate."""

from kansym.comparison.result import Comparison
from kansym.validation.peers import PeerFinding


def findings(comparison: Comparison) -> tuple[PeerFinding, ...]:
    """What each peer says about kansym's formula; errors are those on held-out rows, where there are any."""
    own = comparison.kansym
    unseen = comparison.held_out_rows > 0
    found = []
    for result in comparison.peers:
        found.append(
            PeerFinding(
                tool=result.tool,
                version=result.version,
                formula=result.formula,
                complexity=result.complexity,
                same="" if result.same is None else str(result.same.kind),
                error=result.held_out_rms if unseen else result.rms,
                own_error=own.held_out_rms if unseen else own.rms,
                unseen=unseen,
                spread=comparison.spread,
                failure=result.failure,
            )
        )
    return tuple(found)
