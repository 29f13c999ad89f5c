"""Every route that not everybody may use: what is hidden by it, and that no other method gets round
it. Of routes' own lines: tests/contract/test_rights_matrix.py.
"""

from typing import Any

import pytest

from tests.contract.rights_requests import BY_ITSELF, Ask, ask
from tests.contract.rights_table import OPEN, ROUTES, SIGNED
from tests.contract.rights_world import World
from tests.contract.test_rights_matrix import ASKED

__all__ = ["ask"]  # a fixture

IN_PROJECTS = [route for route in ASKED if ROUTES[route].hidden and "*" in route]


@pytest.mark.parametrize(
    "route", [route for route in ASKED if ROUTES[route].credential_kind not in (OPEN, SIGNED)]
)
def test_options_and_head_are_no_way_round(world: World, ask: Ask, route: str) -> None:
    for method in BY_ITSELF:
        for credential in ("nothing", "garbage", "expired", "refresh", "enrollment"):
            assert ask(world, route, credential, method=method).status_code == 401, method


@pytest.mark.parametrize("route", IN_PROJECTS)
def test_what_is_hidden_looks_like_what_is_not_there(world: World, ask: Ask, route: str) -> None:
    real, nowhere = world.named_in(route)
    for person in ROUTES[route].hidden:
        hidden = ask(world, route, person)
        absent = ask(world, route, person, absent=True)
        assert hidden.status_code == absent.status_code == 404
        assert _without(real, hidden) == _without(nowhere, absent), person


def _without(named: str, answer: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What is said apart from the name, which may also be a part of the status' digits."""
    headers = {name: text for name, text in answer.headers if name != "X-Request-ID"}
    headers.pop("Content-Length")  # the name's length is in it
    for name in ("RateLimit-Remaining", "RateLimit-Reset"):
        headers.pop(name, None)
    fields = {
        key: value.replace(named, "…") if isinstance(value, str) else value
        for key, value in answer.json.items()
    }
    return fields, headers
