"""Recovery of known laws: catalogues, judges, the runner of ``kansym bench``, and peers.

Nothing here is used by a discovery; a law is only ever compared with what was found without it.
"""
