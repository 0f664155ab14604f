"""The judge of measured tables: the law's form with some constants, close to the rows, about as short."""

import pytest

from benchmarks.comparison import MEASURED_LAWS
from kansym.symbolic.parser import parse_expression

LAWS = {law.table: law for law in MEASURED_LAWS}


@pytest.mark.parametrize(
    ("table", "formula", "recovered"),
    [
        ("kepler", "0.99937*semi_major_axis**(3/2)", True),
        ("kepler", "semi_major_axis**(3/2)", True),  # ten times the residual, and the law all the same
        ("kepler", "1.01*semi_major_axis**(3/2)", False),
        ("kepler", "1.00026*semi_major_axis**1.49975", False),
        ("boyle", "1406/volume", True),
        ("boyle", "1403.5/(volume + 0.02)", False),
        ("mercury", "5.02821e7*exp(-6841.87/(temperature - 13.471))", True),
        ("mercury", "0.000518693", False),  # of Antoine's form with a vanishing exponent, and far from the rows
        ("hydrogen", "-109680/n2**2 + 109679/n1**2 - 0.0474", False),
        ("firas", "39.7291*wavenumber**3/(exp(0.52799*wavenumber) - 1)", True),
    ],
)
def test_the_form_decides_where_the_rows_agree(table, formula, recovered):
    data = LAWS[table].dataset()
    assert LAWS[table].is_recovered(parse_expression(formula, data.names), data) is recovered
