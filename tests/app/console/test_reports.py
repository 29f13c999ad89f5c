"""Reports of what a page's policy has stopped."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.console import reports

REPORT = {
    "csp-report": {
        "document-uri": "https://muster.example/tasks/1",
        "effective-directive": "script-src-elem",
        "blocked-uri": "inline",
    }
}


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    warnings: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(reports, "_limit", reports.MinuteLimit(3))
    monkeypatch.setattr(reports.log, "warning", lambda name, **more: warnings.append((name, more)))
    return warnings


def send(client: FlaskClient, body: object) -> int:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/csp-report"}
    return client.post("/csp-reports", data=text, headers=headers).status_code


def test_a_report_is_logged_in_few_words(client: FlaskClient, counted: list[Any]) -> None:
    long = {**REPORT["csp-report"], "blocked-uri": "x" * 5000}
    assert send(client, {"csp-report": long}) == 204
    [(name, fields)] = counted
    assert (name, fields["directive"]) == ("csp_report", "script-src-elem")
    assert len(fields["blocked"]) == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"[" * 9000, b'{"csp-report": 4}', b"\xff\xfe"]
)
def test_what_is_no_report_is_nothing(client: FlaskClient, counted: list[Any], body: bytes) -> None:
    assert send(client, body) == 204
    assert counted == []


def test_more_than_so_many_in_a_minute_are_thrown_away(
    client: FlaskClient, counted: list[Any]
) -> None:
    assert [send(client, REPORT) for _ in range(9)] == [204] * 9
    assert len(counted) == 3


def test_the_next_minute_begins_anew() -> None:
    minute = reports.MinuteLimit(1)
    assert [minute.allow(at) for at in (100.0, 101.0, 161.0, 162.0)] == [
        True,
        False,
        True,
        False,
    ]


def test_a_long_one_is_not_read(client: FlaskClient, counted: list[Any]) -> None:
    assert send(client, b" " * (reports.MAX_BYTES + 1)) == 413
    assert counted == []


def test_metric_labels_have_no_names_sent_by_clients(client: FlaskClient) -> None:
    send(client, {"csp-report": {"effective-directive": "made-up"}})
    labels = {sample.labels["directive"] for metric in reports.REPORTS.collect()
              for sample in metric.samples}  # fmt: skip
    assert "other" in labels
    assert "made-up" not in labels
