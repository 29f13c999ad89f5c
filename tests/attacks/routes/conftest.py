"""One world for all tests of a file: whatever a test or a request has done is taken back."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from tests.contract.rights_fixtures import app, furnish, world

__all__ = ["app", "furnish", "world"]

Undone = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def undone(app: Flask) -> Undone:
    """What is done within it is taken back."""

    @contextmanager
    def undone() -> Iterator[None]:
        connection: Any = db.engine
        savepoint = connection.begin_nested()
        try:
            yield
        finally:
            db.session.remove()
            savepoint.rollback()

    return undone
