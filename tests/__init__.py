"""Tests of kansym. A package, so that the fuzzers run as ``python -m tests.fuzz`` whatever else is called tests."""
