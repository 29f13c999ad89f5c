"""What the tests here share."""

from collections.abc import Callable

import pytest

from app.models import Developer, Project
from tests.factories import (
    make_developer,
    make_project,
)

Login = Callable[[Developer], dict[str, str]]


@pytest.fixture
def developer(app: object) -> Developer:
    return make_developer()


@pytest.fixture
def project(developer: Developer) -> Project:
    return make_project(members=[developer])


@pytest.fixture
def headers(developer: Developer, login: Login) -> dict[str, str]:
    return login(developer)
