"""What is left of the tasks of a project that was deleted."""

from functools import partial

import pytest

from tests.contract.rights_fixtures import Furnish
from tests.contract.rights_requests import Ask, ask
from tests.contract.rights_table import EVERYBODY
from tests.contract.rights_world import World, make_world
from tests.contract.test_rights_matrix import ASKED

__all__ = ["ask"]  # a fixture

OF_TASKS = [route for route in ASKED if route.split()[1].startswith("/api/web/tasks/*")]
READ_OR_ENDED = ("GET ", "POST /api/web/tasks/*/cancel")


@pytest.fixture(scope="module")
def furnish() -> Furnish:
    return partial(make_world, deleted=True)


@pytest.mark.parametrize("route", OF_TASKS)
def test_the_tasks_of_a_deleted_project_are_the_admins_to_read_and_end(
    world: World, ask: Ask, route: str
) -> None:
    for person in EVERYBODY - {"admin"}:
        assert ask(world, route, person).status_code == 404, person
    admins = ask(world, route, "admin").status_code
    assert (admins < 400) if route.startswith(READ_OR_ENDED) else (admins == 403)
