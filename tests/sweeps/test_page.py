"""The page of a sweep holds for what it is given."""

import re

from kansym.sweeps.page import sweep_html
from kansym.sweeps.row import SweepRow


def test_what_users_call_their_tables_is_text(tmp_path):
    page = sweep_html([SweepRow("<script>alert(1)</script>", None, "<b>bad</b>")], tmp_path)
    assert "<script>alert" not in page and "<b>bad" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_counts_are_those_of_the_rows(tmp_path):
    page = sweep_html([SweepRow("a", None, "no"), SweepRow("b", None, "no")], tmp_path)
    assert re.search(r"<p>2 failed</p>", page)
    assert "One form in several tables" not in page and '<h2 id="formulas">' not in page
