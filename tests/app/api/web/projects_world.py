"""Who makes projects in the tests of their routes, and the least that a project is made of."""

from collections.abc import Callable

import pytest

from app.domain.roles import SystemRole
from app.models import Developer
from tests.factories import make_developer

Login = Callable[[Developer], dict[str, str]]
NEW = {"key": "Shop", "repoUrl": "git@git.example.org:shop.git", "agentType": "claude"}


@pytest.fixture
def admin(login: Login) -> dict[str, str]:
    return login(make_developer(role=SystemRole.ADMIN))
