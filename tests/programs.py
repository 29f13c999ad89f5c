"""Programs that some tests need, and that not every machine has."""

import os
import shutil
from typing import NoReturn

import pytest

# With this variable set to `required`, a missing program fails the test instead of skipping it.
REQUIRED = "MUSTER_BROWSER_TESTS"


def need(*names: str) -> str:
    """The first of the programs that is installed. Skips the test, or fails it, if none is."""
    return next(filter(shutil.which, names), None) or missing(names[0])


def missing(what: str) -> NoReturn:
    reason = f"there is no {what}; `make bring` brings it"
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(reason)
    pytest.skip(reason)
