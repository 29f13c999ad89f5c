"""A whole Muster and its two grounds. Files of tests that want it are one of `tests.units`."""

import os
from collections.abc import Iterator

import pytest

from tests.agents.service import MachineUser, Service, in_service
from tests.hostile.users import USERS


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    if os.geteuid() != 0:
        pytest.skip("needs root: one of its machines has rooms, the other is another user's")
    with in_service() as service:
        yield service


@pytest.fixture(params=[user.name for user in USERS])
def place(service: Service, request: pytest.FixtureRequest) -> MachineUser:
    found: MachineUser = service.places[request.param]
    return found
