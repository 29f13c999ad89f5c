"""The version that the packages bear: the tree's own, with a label that no public index takes.

Hatchling evaluates this file by itself.
"""

import re
from pathlib import Path

LABEL = "muster"
_OWN = re.compile(r'^__version__ = "([^"+]+)"$', re.MULTILINE)


def tree_version(root: Path) -> str:
    """As people see it: 0.1.0."""
    found = _OWN.search((root / "muster" / "__init__.py").read_text())
    if found is None:
        raise ValueError("muster/__init__.py has no __version__")
    return found[1]


def package_version(root: Path) -> str:
    """PyPI refuses such versions, so that whatever asks for one never takes a stranger's there."""
    return f"{tree_version(root)}+{LABEL}"
