"""Formulas for other places: MathML, documents, and source code in other languages."""
