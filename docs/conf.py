"""Sphinx's configuration."""

project = "pytest-smtpports"
author = "The pytest-smtpports maintainers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "pytest-smtpports"
exclude_patterns = ["_build", "examples"]
default_role = "code"
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
add_module_names = False
