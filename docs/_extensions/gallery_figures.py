"""What the gallery shows of an example: figures of pyplot, and figures that it has left in its variables."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst, matplotlib_scraper


def scrape(block: tuple, block_vars: Mapping[str, Any], gallery_conf: Mapping[str, Any]) -> str:
    """Text for the page after a block; saves the images."""
    shown = matplotlib_scraper(block, block_vars, gallery_conf)
    # kansym's own figures know nothing of pyplot.
    saved = block_vars["example_globals"].setdefault("_figures_shown", [])
    paths = []
    for value in list(block_vars["example_globals"].values()):
        if isinstance(value, Figure) and not any(value is one for one in saved):
            saved.append(value)
            paths.append(block_vars["image_path_iterator"].next())
            value.savefig(paths[-1], dpi=150)
    return shown + (figure_rst(paths, gallery_conf["src_dir"], "The trained network, drawn by kansym") if paths else "")
