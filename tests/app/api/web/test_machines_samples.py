"""/api/web/machines/…/samples: what charts are drawn of."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.domain.timestamps import to_rfc3339
from app.models import Developer
from app.services.clock import now
from tests.factories import make_developer, make_hour, make_machine, make_minute

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/machines"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def headers(login: Login) -> dict[str, str]:
    return login(make_developer())


def test_samples_come_in_columns(client: FlaskClient, headers: dict[str, str]) -> None:
    machine, begin = make_machine(), now().replace(second=0, microsecond=0)
    for back in (2, 1):
        at = begin - timedelta(minutes=back)
        make_minute(machine, at=at, cpu_percent=back + 0.123, memory_percent=None)
    samples = client.get(f"{PATH}/{machine.id}/samples", headers=headers).json
    assert samples == {
        "step": "minute",
        "at": [to_rfc3339(begin - timedelta(minutes=back)) for back in (2, 1)],
        "cpuPercent": [2.1, 1.1],
        "cpuHighest": [2.1, 1.1],
        "memoryPercent": [None, None],
        "diskPercent": [30.0, 30.0],
        "slotsUsed": [1.0, 1.0],
    }


def test_hours_are_asked_for(client: FlaskClient, headers: dict[str, str]) -> None:
    machine = make_machine()
    make_hour(machine)
    samples = client.get(f"{PATH}/{machine.id}/samples?step=hour", headers=headers).json
    assert (samples["step"], samples["cpuPercent"], samples["cpuHighest"]) == (
        "hour",
        [50.0],
        [90.0],
    )
    assert samples["slotsUsed"] == [1.5]


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"{NOBODY}/samples", 404), ("-/samples?cursor=x", 422)],
)
def test_what_is_not_there_is_said(
    client: FlaskClient, headers: dict[str, str], path: str, status: int
) -> None:
    assert client.get(f"{PATH}/{path}", headers=headers).status_code == status


def test_a_step_that_there_is_not_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    machine = make_machine()
    answer = client.get(f"{PATH}/{machine.id}/samples?step=day", headers=headers)
    assert answer.status_code == 422


def test_the_days_of_machines_come_in_the_lists_order(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    machines = [make_machine(labels={"gpu": "true"}) for _ in range(3)]
    make_machine()
    for machine in machines:
        make_minute(machine)
    query = "selector=gpu=true&limit=2"
    listed = client.get(f"{PATH}?{query}", headers=headers).json["items"]
    first = client.get(f"{PATH}/-/samples?{query}", headers=headers).json
    assert [day["machineId"] for day in first["items"]] == [machine["id"] for machine in listed]
    assert [day["cpuPercent"] for day in first["items"]] == [[50.0], [50.0]]
    rest = client.get(f"{PATH}/-/samples?{query}&cursor={first['nextCursor']}", headers=headers)
    assert len(rest.json["items"]) == 1
