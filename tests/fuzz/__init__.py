"""Fuzzers of the command (``python -m tests.fuzz``) and of the readers (``python -m tests.fuzz.loader``)."""
