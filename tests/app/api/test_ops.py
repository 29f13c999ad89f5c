"""Probes and metrics."""

import time

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

import config
from app.domain.attempt import AttemptOutcome
from app.domain.machine import MachineStatus
from app.domain.task import TaskStatus
from app.extensions import db, redis
from app.factory import create_app
from app.models import FleetIncrement
from app.services.ops import readiness
from app.services.tasks import transitions
from muster import __version__
from tests.conftest import NOWHERE, SECRETS
from tests.factories import make_attempt, make_machine, make_task


@pytest.fixture
def lonely_client() -> FlaskClient:
    """Of an app whose servers are away."""
    return create_app(config.load({**SECRETS, **NOWHERE})).test_client()


def test_healthz_asks_nobody(lonely_client: FlaskClient) -> None:
    answer = lonely_client.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"status": "up", "version": __version__},
    )


def test_readyz_names_all_that_is_missing(lonely_client: FlaskClient) -> None:
    answer = lonely_client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["missing"] == ["postgres", "redis", "dispatcher", "sweeper", "beat"]


@pytest.fixture
def signs(app: Flask) -> None:
    """All are alive."""
    redis.client.mset(dict.fromkeys(readiness.HEARTBEATS.values(), time.time()))


@pytest.mark.usefixtures("signs")
def test_readyz_is_content_with_young_signs(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ready", "missing": []})


@pytest.mark.usefixtures("signs")
@pytest.mark.parametrize("name", readiness.HEARTBEATS)
@pytest.mark.parametrize("age", [None, 16], ids=["none", "16 s old"])
def test_readyz_misses_who_is_silent(client: FlaskClient, name: str, age: int | None) -> None:
    redis.client.delete(readiness.HEARTBEATS[name])
    if age is not None:
        redis.client.set(readiness.HEARTBEATS[name], time.time() - age)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["missing"]) == (503, [name])


def test_metrics_count_requests_by_template(client: FlaskClient) -> None:
    client.get("/api/workers/healthz")
    client.get("/no/such/1")
    text = client.get("/metrics").text
    labels = 'method="GET",route="/api/workers/healthz"'
    assert f'muster_http_requests_total{{{labels},status="200"}}' in text
    assert f"muster_http_request_seconds_count{{{labels}}}" in text
    assert 'route="unmatched"' in text
    assert "/no/such/1" not in text


def test_an_odd_method_makes_no_label_of_its_own(client: FlaskClient) -> None:
    client.open("/healthz", method="BREW")
    text = client.get("/metrics").text
    assert 'method="other"' in text
    assert "BREW" not in text


def test_metrics_say_what_the_rows_say(client: FlaskClient) -> None:
    make_machine(slots_total=3, slots_used=1)
    make_machine(slots_total=5, connected=False, status=MachineStatus.OFFLINE)
    make_task()
    make_task(status=TaskStatus.FAILED)
    text = client.get("/metrics").text
    for line in (
        'muster_tasks{status="queued"} 1.0',
        'muster_tasks{status="failed"} 1.0',
        'muster_tasks{status="running"} 0.0',
        'muster_machines{status="online"} 1.0',
        'muster_machines{status="offline"} 1.0',
        'muster_slots{kind="total"} 3.0',
        'muster_slots{kind="used"} 1.0',
    ):
        assert line in text.splitlines()


def test_metrics_tell_what_became_of_attempts(client: FlaskClient) -> None:
    machine = make_machine(generation=3)
    attempt = make_attempt(make_task(status=TaskStatus.RUNNING), machine)
    attempt.outcome, attempt.ended_at = AttemptOutcome.LOST, attempt.assigned_at
    for code in ("machine_lost", "no such code", "nor this"):
        task = make_task(status=TaskStatus.RUNNING)
        transitions.fail(task, code, "why", attempt.assigned_at)
    for bound, times in (("0.05", 1), ("1.0", 3)):
        db.session.add(
            FleetIncrement(counter="lease_margins", label=bound, times=times, amount=times)
        )
    for label, times, amount in (("gemini input", 7, 0), ("gemini cost", 0, 0.5)):
        db.session.add(FleetIncrement(counter="usage", label=label, times=times, amount=amount))
    db.session.commit()
    lines = client.get("/metrics").text.splitlines()
    for line in (
        'muster_attempts_ended_total{outcome="lost"} 1.0',
        'muster_attempts_ended_total{outcome="published"} 0.0',
        'muster_task_failures_total{code="machine_lost"} 1.0',
        'muster_task_failures_total{code="other"} 2.0',
        'muster_task_events_total{type="requeued"} 0.0',
        'muster_reports_refused_total{reason="ended"} 0.0',
        'muster_agent_tokens_total{agent="claude",kind="output"} 0.0',
        'muster_agent_tokens_total{agent="gemini",kind="input"} 7.0',
        'muster_agent_cost_total{agent="gemini"} 0.5',
        "muster_machine_reconnects_total 2.0",
        'muster_lease_margin_ratio_bucket{le="0.0"} 0.0',
        'muster_lease_margin_ratio_bucket{le="0.05"} 1.0',
        'muster_lease_margin_ratio_bucket{le="0.95"} 1.0',
        'muster_lease_margin_ratio_bucket{le="+Inf"} 4.0',
        "muster_lease_margin_ratio_sum 4.0",
        "muster_lease_seconds 600.0",
    ):
        assert line in lines
    assert "no such code" not in "".join(lines)


def test_metrics_are_there_while_postgres_is_not(lonely_client: FlaskClient) -> None:
    answer = lonely_client.get("/metrics")
    assert answer.status_code == 200
    assert "muster_tasks{" not in answer.text


def test_probes_leave_no_connection_behind(committed_app: Flask) -> None:
    client = committed_app.test_client()
    for path in ("/healthz", "/readyz", "/metrics"):
        client.get(path)
    assert isinstance(db.engine.pool, sa.QueuePool)
    assert db.engine.pool.checkedout() == 0
