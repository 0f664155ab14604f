"""A request that the app does not carry out, with the HTTP status that says why."""

from kansym.errors import KansymError


class Refused(KansymError):
    """The request is not carried out, and nothing has changed.

    Attributes
    ----------
    code : int
        HTTP status.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
