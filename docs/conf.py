"""The documentation as a site: `make docs`."""

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

import from_code

project = "perf-ratchet"
author = "The perf-ratchet maintainers"
version = installed_version("perf-ratchet")
extensions = ["myst_parser"]
nitpicky = True
myst_heading_anchors = 4
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
os.environ["COLUMNS"] = "100"  # argparse wraps the help of commands there


def setup(app: Sphinx) -> None:
    """Fill in what is made of the code, whenever a page is read."""
    app.connect("source-read", _fill_in)


def _fill_in(_app: Sphinx, _page: str, source: list[str]) -> None:
    source[0] = from_code.page(source[0])
