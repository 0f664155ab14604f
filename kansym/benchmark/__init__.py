"""Benchmarks: pykan side by side (``python -m kansym.benchmark``), and known laws (``kansym bench``)."""
