"""Results and running searches in a notebook."""

from kansym.report.notebook.progress import LiveProgress as LiveProgress
from kansym.report.notebook.progress import live_progress as live_progress

__all__ = ["LiveProgress", "live_progress"]
