"""Settings of Sphinx for the documentation; `make docs` builds it.

Nothing is fetched while building or reading: no intersphinx, no script from elsewhere, and formulas as MathML.
"""

import logging
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "Agg"

import gallery_figures  # noqa: E402
from sphinx_gallery.sorting import ExplicitOrder  # noqa: E402

import kansym  # noqa: E402

# The package of the colours of code (a11y_pygments) turns on logging for everybody.
logging.getLogger("kansym").setLevel(logging.WARNING)

project = "kansym"
author = "The kansym developers"
copyright = author
version = release = kansym.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "matplotlib.sphinxext.plot_directive",
    "mathml",
]
exclude_patterns = ["_build", "_figures.md", "_finders.md", "examples/GALLERY_HEADER.rst"]
suppress_warnings = ["config.cache"]

# Pages.
html_theme = "pydata_sphinx_theme"
html_title = f"kansym {release}"
html_static_path = ["_static"]
html_css_files = ["kansym.css"]
html_show_sourcelink = False
html_math_renderer = "mathml"
html_theme_options = {
    "logo": {"text": "kansym"},
    "show_prev_next": True,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}
html_sidebars = {"index": [], "changelog": [], "design": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
copybutton_remove_prompts = True
pygments_style = "a11y-high-contrast-light"

# Markdown.
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

# Docstrings.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False
# Names of other packages are not looked up, there is no network; a docstring may also name an argument between single
# backquotes, or something that has no page. Both are set as code.
nitpick_ignore_regex = [("py:obj", r".*"), ("py:class", r"(?!kansym\.).*")]

# Figures of pages, drawn when the pages are built.
plot_html_show_formats = False
plot_html_show_source_link = False
plot_formats = [("png", 150)]
plot_working_directory = str(HERE)

# The gallery.
ORDER = [
    "kepler", "rydberg", "planck", "hubble", "moseley", "latent_heat",
    "drag", "beam", "pendulum", "damped_oscillator",
    "noisy_decay", "errors_and_outliers", "no_law", "own_primitive", "network_and_formula",
]  # fmt: skip
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"__init__\.py",
    "within_subsection_order": ExplicitOrder([f"{name}.py" for name in ORDER]),
    "image_scrapers": (gallery_figures.scrape,),
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "plot_gallery": os.environ.get("KANSYM_GALLERY", "1") != "0",
    "abort_on_example_error": False,
    "thumbnail_size": (400, 280),
    "backreferences_dir": None,
    "reset_modules": ("matplotlib",),
    "min_reported_time": 10_000,
    "write_computation_times": False,
}
