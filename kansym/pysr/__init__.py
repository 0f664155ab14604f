"""PySR's words: its formulas, operators, parameters and tables, without PySR and Julia."""
