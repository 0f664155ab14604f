"""Measurements of kansym, run from the clone as ``python -m benchmarks.NAME``; not part of what is installed."""
