"""Whether two formulas are the same: with all digits (`compare_formulas`), or only on some rows (`equal_values`)."""

from kansym.symbolic.same.judge import Sameness as Sameness
from kansym.symbolic.same.judge import SameVerdict as SameVerdict
from kansym.symbolic.same.judge import compare_formulas as compare_formulas
from kansym.symbolic.same.rows import can_fit_values as can_fit_values
from kansym.symbolic.same.rows import equal_values as equal_values
