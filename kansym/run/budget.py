"""How the seconds of a user are divided: they are for the search, its certificate and the files of the run together."""

from kansym.validation.certificate import CERTIFYING

CERTIFICATE_SECONDS, FILES_SECONDS = 1.0, 2.4
"""What a certificate and the files of a run take on an idle core of 2025, see `python -m benchmarks.waiting`."""

LEAST_SHARE = 0.25
"""Share of the seconds that a search has in any case: without, there would be nothing to certify and to save."""


def search_wall(seconds: float, *, spent: float = 0.0, files: bool = False) -> float:
    """Seconds on the wall that a search has.

    Parameters
    ----------
    seconds : float
        For everything.
    spent : float, default 0
        What is gone of them.
    files : bool, default False
        Whether a run is saved.
    """
    kept = max(CERTIFYING * seconds, CERTIFICATE_SECONDS) + (FILES_SECONDS if files else 0.0)
    return max(seconds - spent - kept, LEAST_SHARE * seconds)
