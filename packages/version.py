"""The packages' version: the tree's own, with a local label that public indexes refuse.

Hatchling evaluates this file separately.
"""

import re
from pathlib import Path

LABEL = "muster"
_OWN = re.compile(r'^__version__ = "([^"+]+)"$', re.MULTILINE)


def tree_version(root: Path) -> str:
    """Return the displayed version, such as 0.1.0. Raises ValueError if it's missing."""
    found = _OWN.search((root / "muster" / "__init__.py").read_text())
    if found is None:
        raise ValueError("muster/__init__.py has no __version__")
    return found[1]


def package_version(root: Path) -> str:
    """Return the packages' version. PyPI refuses such versions, so none there can replace ours."""
    return f"{tree_version(root)}+{LABEL}"
