"""How Sphinx makes the book."""

from mmtutorial import __version__

project = "Mix-and-Match tuning"
author = "mmtutorial contributors"
copyright = "mmtutorial contributors; text CC BY 4.0, code MIT"
version = release = __version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "book.formulas"]
exclude_patterns = ["contents.md"]
nb_execution_mode = "off"
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline", "deflist"]
myst_heading_anchors = 4
# A quiz's choices and "Go on without" are HTML of the notebooks' own.
suppress_warnings = ["myst.header"]
math_renderer = html_math_renderer = "mathml"

autodoc_typehints = "description"
autodoc_member_order = "bysource"
napoleon_google_docstring = True

html_theme = "furo"
html_title = f"Mix-and-Match tuning {__version__}"
html_static_path = ["static"]
html_css_files = ["book.css"]
html_show_sphinx = False
# A page opened from a disk may fetch nothing, not even another page of the book.
html_show_search_summary = False
html_copy_source = False
html_show_sourcelink = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
