"""Who works on bots in the tests of /api/admin/bots, and what they are seen to have done."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.domain.roles import SystemRole
from app.extensions import db
from app.models import AuditEntry, Developer
from tests.factories import make_developer

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/admin/bots"


@pytest.fixture
def boss(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def admin(login: Login, boss: Developer) -> dict[str, str]:
    return login(boss)


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
