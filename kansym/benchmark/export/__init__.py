"""Formulas in LaTeX and in other languages, checked by the programs that read them."""
