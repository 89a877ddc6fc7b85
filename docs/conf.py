"""How the documentation site is built: ``make docs``, or ``sphinx-build -W docs build/docs``."""

import sys
from pathlib import Path

from ctc_submit import __version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "ctc-submit"
version = release = __version__
html_title = f"ctc-submit {__version__}"
copyright = "the authors of ctc-submit, Apache-2.0"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
    "accessible",
    "mathml",
    "room",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["extensions"]
default_role = "py:obj"

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
myst_dmath_double_inline = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"
copybutton_exclude = ".linenos, .gp, .go"
