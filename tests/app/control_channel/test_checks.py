"""A check's order goes to one connected machine, and its answer comes back."""

import uuid
from collections.abc import Callable
from typing import Any

import msgspec
from flask import Flask

from app.control_channel.checks import CheckOffers
from app.domain.project_check import CheckState
from app.domain.roles import SystemRole
from app.embedded.processes import wait_until
from app.models import Developer
from app.services.projects import check_store, repository_checks
from muster.protocol import frames
from tests.app.control_channel.simulated_machine import SimulatedMachine
from tests.factories import make_developer

URL = "https://git.example.org/x.git"
MakeMachine = Callable[..., SimulatedMachine]


def _start(actor: Developer) -> str:
    return repository_checks.start(actor, None, {"repo_url": URL, "git_token": "ghp_typed"}).id


def test_a_connected_machine_gets_the_order_and_its_answer_is_the_result(
    new_machine: MakeMachine,
) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    machine = new_machine(labels={"checks": "these"})
    machine.connect()
    check_id = _start(admin)
    order = machine.wait_for(frames.CheckRepository)
    assert (order.id, order.repo.url, order.repo.token) == (check_id, URL, "ghp_typed")
    machine.send(frames.RepositoryChecked(check_id, "reached", True, "main", ["main"]))
    state = lambda: repository_checks.find(admin, None, check_id).steps[0].code  # noqa: E731
    assert wait_until(lambda: state() == "repository_reached", 10)
    assert repository_checks.find(admin, None, check_id).state is not CheckState.RUNNING


def _offers(app: Flask, machine_id: uuid.UUID, **more: Any) -> CheckOffers:
    hello = frames.Hello(1, "jwt", str(machine_id), "j", **more)
    return CheckOffers(app, machine_id, "heron", hello)


def _stored(machine_id: uuid.UUID) -> str:
    return check_store.add({}, frames.Repo(URL, "main", ""), [machine_id])


def test_a_machine_of_an_earlier_release_takes_no_check(app: Flask) -> None:
    machine_id = uuid.uuid4()
    check_id = _stored(machine_id)
    for can_check, taken in ((False, []), (True, [check_id]), (True, [])):
        offers = _offers(app, machine_id, checks_repositories=can_check)
        offers.add(check_id)
        assert [order.id for order in offers.pop_orders()] == taken


def test_a_check_that_another_machine_was_offered_is_not_taken(app: Flask) -> None:
    check_id = _stored(uuid.uuid4())
    offers = _offers(app, uuid.uuid4(), checks_repositories=True)
    offers.add(check_id)
    assert offers.pop_orders() == []


def test_a_hello_without_the_field_is_that_of_an_earlier_release() -> None:
    text = b'{"type":"hello","protocol":3,"workerJwt":"j","machineId":"m","journalId":"j"}'
    assert not msgspec.json.decode(text, type=frames.Hello).checks_repositories
