"""The certificate of a formula: what speaks for it and against it, measured, with a verdict in words.

`certificate.certify` measures, `verdict` judges, `text` writes. Nothing here looks for formulas or changes one.
"""
