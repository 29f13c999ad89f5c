"""Every route with the narrowed tokens of everybody: each scope alone, and some projects alone.

The admin's are asked with all other credentials, in tests/contract/test_rights_matrix.py.
"""

from functools import partial

import pytest

from tests.contract.rights_fixtures import Furnish
from tests.contract.rights_requests import Ask, ask, wrong_answers
from tests.contract.rights_table import DEVELOPERS, PEOPLE, ROUTES
from tests.contract.rights_world import World, make_world
from tests.contract.scopes_table import NARROWED

__all__ = ["ask"]  # a fixture

OTHERS = [name for name in PEOPLE if name != "admin"]
ASKED = [route for route, access in ROUTES.items() if access.credential_kind == DEVELOPERS]


@pytest.fixture(scope="module")
def furnish() -> Furnish:
    return partial(make_world, narrowed=OTHERS)


@pytest.mark.parametrize("route", ASKED)
def test_a_narrowed_token_opens_what_its_owner_may_and_it_is_for(
    world: World, ask: Ask, route: str
) -> None:
    credentials = [f"{name}'s {kind}" for name in OTHERS for kind in NARROWED]
    assert wrong_answers(ask, world, route, credentials) == {}
