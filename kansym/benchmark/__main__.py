"""Entry point of ``python -m kansym.benchmark``."""

from kansym.benchmark.cli import app

if __name__ == "__main__":
    app()
