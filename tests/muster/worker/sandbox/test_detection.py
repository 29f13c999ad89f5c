"""The level that a machine supports, however its daemon was started."""

import os

from muster.worker.layout import Layout
from muster.worker.sandbox.detection import detect
from tests.muster.worker.repositories import root
from tests.muster.worker.sandbox.test_sandbox import layout

__all__ = ["layout", "root"]


def test_a_strict_umask_weakens_no_sandbox(layout: Layout) -> None:
    usual = detect(layout)
    before = os.umask(0o077)
    try:
        strict = detect(layout)
    finally:
        os.umask(before)
    assert (strict.level, strict.missing) == (usual.level, usual.missing)
    assert strict.python_missing == usual.python_missing
