"""One world for all tests of a file: it takes longer to make than to ask a route of it.

What a test does to it is taken back after the test. A file gets it by importing the fixtures, and
may `furnish` it otherwise.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from app.domain import login
from app.extensions import db, redis
from app.services import settings
from app.services.accounts import logins
from tests.conftest import taken_back
from tests.contract.rights_world import World, make_world

Furnish = Callable[[Flask], World]


@pytest.fixture(scope="module")
def furnish() -> Furnish:
    return make_world


@pytest.fixture(scope="module")
def world(rolled_back_app: Flask, furnish: Furnish) -> Iterator[World]:
    with taken_back(rolled_back_app), pytest.MonkeyPatch.context() as patch:
        # However long the file takes.
        patch.setitem(rolled_back_app.config, "JWT_ACCESS_TOKEN_EXPIRES", timedelta(days=1))
        made = furnish(rolled_back_app)
        patch.undo()
        patch.setattr(login, "REAUTHENTICATION_LIFETIME", timedelta(days=1))
        patch.setattr(logins, "SEEN_PRECISION", timedelta(days=1))
        yield made


@pytest.fixture
def app(rolled_back_app: Flask, world: World) -> Iterator[Flask]:
    with rolled_back_app.app_context():
        redis.client.flushdb()
        before = db.engine.begin_nested()  # type: ignore[attr-defined]
        settings.clear_cache()
        settings.value("requestsPerMinute")
        db.session.remove()
        try:
            yield rolled_back_app
        finally:
            db.session.remove()
            before.rollback()
