"""The table of a front, which in a notebook keeps every formula in one line."""

import pandas as pd

STYLE = ".kansym-equations td, .kansym-equations th { white-space: nowrap; }"


class Equations(pd.DataFrame):
    """A DataFrame whose cells do not wrap in a notebook; whatever is made of it is a plain DataFrame."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str | None:
        table = pd.DataFrame(self)._repr_html_()  # pyright: ignore[reportCallIssue]
        if table is None:
            return None
        return f'<style>{STYLE}</style><div class="kansym-equations" style="overflow-x: auto">{table}</div>'
