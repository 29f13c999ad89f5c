"""Folders as packages: a fixture with the scope "package" ends with the last test of its folder.

Servers end with it, because idle ones take the processors' time from the tests that follow. pytest
has this scope only for folders with an `__init__.py`, which ours don't need.
"""

from pathlib import Path

import pytest


class Folder(pytest.Package):
    def setup(self) -> None:
        """Import nothing: there is no `__init__.py`."""


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> Folder:
    return Folder.from_parent(parent, path=path)
