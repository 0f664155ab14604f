"""Whether two formulas are the same: `kansym.comparison.same.formulas.compare_formulas`."""
