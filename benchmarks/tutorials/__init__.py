"""pykan's notebooks that end in a formula, in both tools: ``python -m benchmarks.tutorials``."""
