"""Side-by-side benchmark against pykan: ``python -m kansym.benchmark``, or ``make bench``."""
