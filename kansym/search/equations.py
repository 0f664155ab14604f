"""The table of a front."""

import pandas as pd

STYLE = ".kansym-equations td, .kansym-equations th { white-space: nowrap; }"


class Equations(pd.DataFrame):
    """The table of a front, whose formulas stay on one line in a notebook; what is made of it is a plain DataFrame."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str | None:
        table = pd.DataFrame(self)._repr_html_()  # pyright: ignore[reportCallIssue]
        if table is None:
            return None
        return f'<style>{STYLE}</style><div class="kansym-equations" style="overflow-x: auto">{table}</div>'
