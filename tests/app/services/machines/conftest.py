"""Who acts on machines here, and a machine that has said hello."""

import pytest
from flask import Flask

from app.domain.roles import SystemRole
from app.models import Developer
from tests.app.services.driven import Driven, make_driven
from tests.factories import make_developer


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def lead(app: Flask) -> Developer:
    return make_developer(role=SystemRole.LEAD)


@pytest.fixture
def machine(app: Flask) -> Driven:
    return make_driven()
