"""A real gunicorn whose control channel simulated machines talk to."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models import Machine
from app.services.accounts import tokens
from tests.app.control_channel.simulated_machine import SimulatedMachine
from tests.conftest import make_app
from tests.factories import make_machine
from tests.gunicorns import Gunicorn, gunicorn

MakeMachine = Callable[..., SimulatedMachine]


@pytest.fixture(scope="session")
def served_environment(
    environment: dict[str, str], new_database: Callable[..., str]
) -> dict[str, str]:
    """Quick to notice silence; otherwise as in life."""
    return {
        "PATH": os.environ["PATH"],
        **environment,
        "DATABASE_URL": new_database("muster_served"),
        "MUSTER_HEARTBEAT_SECONDS": "1",
        "MUSTER_WEB_WORKERS": "2",
    }


@pytest.fixture(scope="package")
def server(
    served_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gunicorn]:
    directory: Path = tmp_path_factory.mktemp("served")
    with gunicorn(directory, {**served_environment, "MUSTER_HOME": str(directory)}) as running:
        yield running


@pytest.fixture(scope="package")
def served_app(served_environment: dict[str, str], server: Gunicorn) -> Flask:
    """An app on the server's database: what it commits, the server sees."""
    return make_app(served_environment)


@pytest.fixture
def rows(served_app: Flask) -> Iterator[Flask]:
    """An app context of the test's. Nothing is taken back: each test makes rows of its own."""
    with served_app.app_context():
        yield served_app
        db.session.remove()


@pytest.fixture
def new_machine(server: Gunicorn, rows: Flask) -> Iterator[MakeMachine]:
    """Makes machines that have a row and may connect; they hang up when the test ends."""
    made: list[SimulatedMachine] = []

    def make(**given: Any) -> SimulatedMachine:
        slots = given.setdefault("slots_total", 2)
        row = make_machine(connected=False, status="offline", **given)
        jwt = tokens.worker_jwt(row)[0]
        made.append(SimulatedMachine(server.url, str(row.id), jwt, slots=slots))
        return made[-1]

    yield make
    for machine in made:
        machine.disconnect()


@pytest.fixture
def row_of(rows: Flask) -> Callable[[SimulatedMachine], Machine]:
    """The machine's row as it is now."""

    def read(machine: SimulatedMachine) -> Machine:
        db.session.rollback()
        return db.session.get_one(Machine, machine.machine_id, populate_existing=True)

    return read
