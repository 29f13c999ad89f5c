"""Every route with the narrowed tokens of everybody: each scope alone, and some projects alone."""

import pytest
from flask import Flask

from tests.contract.rights_asked import Ask, ask, faults
from tests.contract.rights_table import DEVELOPERS, PEOPLE, ROUTES
from tests.contract.rights_world import make_world
from tests.contract.scopes_table import NARROWED

__all__ = ["ask"]  # a fixture

ASKED = [route for route, access in ROUTES.items() if access.door == DEVELOPERS]


@pytest.mark.parametrize("route", ASKED)
def test_a_narrowed_token_opens_what_its_owner_may_and_it_is_for(
    app: Flask, ask: Ask, route: str
) -> None:
    world = make_world(app, narrowed=PEOPLE)
    credentials = [f"{name}'s {kind}" for name in PEOPLE for kind in NARROWED]
    assert faults(ask, world, route, credentials) == {}
