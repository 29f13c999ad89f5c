"""A machine for each file of claims, once with a daemon of root's and once with a user's."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.hostile.machine import Machine
from tests.hostile.service import in_service
from tests.hostile.users import USERS, User

# Whoever ends this suite by TERM wants to find nothing of it either.
signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="module", params=USERS, ids=lambda user: user.name)
def user(request: pytest.FixtureRequest) -> User:
    if os.geteuid() != 0:
        pytest.skip("needs root: the truth is looked at by another user")
    found: User = request.param
    return found


@pytest.fixture(scope="module")
def shared_machine(user: User) -> Iterator[Machine]:
    """A file may have one of its own."""
    with in_service(user) as made:
        yield made


@pytest.fixture
def machine(shared_machine: Machine) -> Iterator[Machine]:
    """Afterwards nothing of its attempts runs, and it still serves; the next test finds it idle."""
    try:
        yield shared_machine
        shared_machine.tidy()
    except BaseException:
        shared_machine.recover()
        raise
