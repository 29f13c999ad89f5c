"""GET /api/admin/audit-logs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.api.pagination import paginate_by_cursor
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import AuditEntry, Developer
from app.services import audit, audit_log, audit_names
from tests.app.services.statements import counted, explained
from tests.factories import make_developer, make_machine, make_personal_token

PATH = "/api/admin/audit-logs"
ABSENT = "00000000-0000-4000-8000-000000000007"
START = datetime(2030, 1, 1, tzinfo=UTC)
Ask = Callable[..., Any]


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(name="Root", role=SystemRole.ADMIN)


@pytest.fixture
def ask(client: FlaskClient, admin: Developer, login: Callable[[Developer], dict[str, str]]) -> Ask:
    return lambda **query: client.get(PATH, query_string=query, headers=login(admin))


def targets(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [entry["targetId"] for entry in answer.json["items"]]


def write(number: int, **given: Any) -> None:
    """An entry of that many minutes after START."""
    row = {"at": START + timedelta(minutes=number), "target_type": "x", "target_id": str(number)}
    db.session.add(AuditEntry(**{"actor_name": "", "action": "x.y", **row, **given}))
    db.session.commit()


def test_an_entry_is_told_in_full(ask: Ask, admin: Developer) -> None:
    audit.record("x.y", "x", 7, actor=admin, before={"a": 1}, after={"a": 2})
    (entry,) = ask().json["items"]
    assert entry.pop("id") > 0
    assert entry.pop("at").endswith("Z")
    assert entry == {
        "actor": {"id": admin.id, "name": "Root"},
        "machine": None,
        "action": "x.y",
        "targetType": "x",
        "targetId": "7",
        "targetName": None,
        "requestId": None,
        "remoteAddress": None,
        "changes": {"before": {"a": 1}, "after": {"a": 2}},
        "names": {},
    }


def test_targets_and_the_machines_in_changes_have_names(ask: Ask, admin: Developer) -> None:
    heron, token = make_machine(name="heron"), make_personal_token(admin, label="ci")[0]
    protected = {"protectedMachines": [str(heron.id), ABSENT]}
    audit.record("x.y", "project", "APP", actor=admin, after=protected)
    audit.record("x.y", "machine", heron.id, actor=admin)
    audit.record("x.y", "personal_token", token.id, actor=admin)
    audit.record("x.y", "developer", admin.id, actor=admin)
    entries = ask().json["items"]
    assert [entry["targetName"] for entry in entries] == ["Root", "ci", "heron", None]
    assert [entry["names"] for entry in entries] == [{}, {}, {}, {str(heron.id): "heron"}]
    assert entries[2]["targetId"] == str(heron.id)
    rows = db.session.scalars(sa.select(AuditEntry)).all()
    with counted() as sent:
        audit_names.add_names(rows)
    assert len(sent) == 1


def test_a_deleted_target_has_the_name_that_its_entry_recorded(ask: Ask) -> None:
    audit.record("bot.deleted", "bot", 987, actor=None, before={"name": "Deploys"})
    audit.record("bot.updated", "bot", "not-a-number", actor=None)
    assert [entry["targetName"] for entry in ask().json["items"]] == [None, "Deploys"]


def test_the_actor_may_be_a_machine_or_nobody(ask: Ask) -> None:
    machine = make_machine()
    audit.record("x.y", "x", 1, actor=None, machine=machine)
    audit.record("x.y", "x", 2, actor=None)
    nobody, by_machine = ask().json["items"]
    assert (nobody["actor"], nobody["machine"]) == (None, None)
    assert by_machine["machine"] == {"id": str(machine.id), "name": machine.name}


def test_the_newest_come_first_and_pages_neither_skip_nor_repeat(ask: Ask) -> None:
    for number in (1, 3, 2):  # as written, not as happened
        write(number)
    write(20, at=START + timedelta(minutes=2))  # the same moment
    seen, cursor = [], None
    while True:
        answer = ask(limit=1, **({"cursor": cursor} if cursor else {}))
        seen += targets(answer)
        write(100 + len(seen))  # what comes meanwhile
        cursor = answer.json["nextCursor"]
        if cursor is None:
            break
    assert seen == ["3", "20", "2", "1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"actor": "ada"}, ["2", "1"]),
        ({"actor": "ADA"}, ["2", "1"]),
        ({"actor": "nobody"}, []),
        ({"actor": "999999999999999999999999"}, []),
        ({"actor": "²"}, []),
        ({"action": "machine.drained"}, ["1"]),
        ({"action": "machine."}, ["3", "1"]),
        ({"action": "Machine.DRAINED"}, ["1"]),
        ({"action": "MACHINE."}, ["3", "1"]),
        ({"targetType": "Machine"}, ["3", "1"]),
        ({"action": "machine"}, []),
        ({"action": "mach."}, []),
        ({"action": "%."}, []),
        ({"targetType": "machine"}, ["3", "1"]),
        ({"targetType": "machine", "targetId": "3"}, ["3"]),
        ({"targetId": "2"}, ["2"]),
        ({"from": "2030-01-01T00:02:00Z"}, ["3", "2"]),
        ({"to": "2030-01-01T00:02:00Z"}, ["1"]),
        ({"from": "2030-01-01T02:02:00+02:00", "to": "2030-01-01T00:03:00Z"}, ["2"]),
        ({"actor": "ada", "action": "machine.", "targetType": "machine"}, ["1"]),
    ],
    ids=str,
)
def test_filters_find_what_matches_all_of_them(
    ask: Ask, query: dict[str, str], found: list[str]
) -> None:
    ada = make_developer(name="Ada")
    write(1, actor_id=ada.id, action="machine.drained", target_type="machine")
    write(2, actor_id=ada.id, action="member.set", target_type="project")
    write(3, action="machine.updated", target_type="machine")
    assert targets(ask(**query)) == found


def test_an_actor_can_be_asked_for_by_id(ask: Ask) -> None:
    ada = make_developer()
    write(1, actor_id=ada.id)
    write(2)
    assert targets(ask(actor=str(ada.id))) == ["1"]


@pytest.mark.parametrize(
    "query",
    [{"from": "yesterday"}, {"to": "2030-01-01T00:00:00"}, {"cursor": "x"}, {"limit": "0"},
     {"actor": ""}],
    ids=str,
)  # fmt: skip
def test_what_is_no_filter_is_refused(ask: Ask, query: dict[str, str]) -> None:
    answer = ask(**query)
    assert answer.status_code == 422
    assert answer.json["errors"].keys() == query.keys()


@pytest.mark.parametrize("role", [SystemRole.DEVELOPER, SystemRole.LEAD])
def test_the_log_is_for_admins(
    client: FlaskClient, login: Callable[[Developer], dict[str, str]], role: SystemRole
) -> None:
    assert client.get(PATH, headers=login(make_developer(role=role))).status_code == 403
    assert client.get(PATH).status_code == 401


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_there_is_no_way_to_change_it(
    client: FlaskClient, admin: Developer, login: Callable[[Developer], dict[str, str]], method: str
) -> None:
    answer = getattr(client, method)(PATH, json={}, headers=login(admin))
    assert answer.status_code == 405


FILTERS: list[dict[str, Any]] = [
    {},
    {"actor": "7"},
    {"actor": "Root"},
    {"action": "a.rare"},
    {"action": "a."},
    {"target_type": "t1"},
    {"target_id": "11"},
    {"target_type": "t1", "target_id": "11"},
    {"since": START, "to_time": START + timedelta(hours=1)},
    {"action": "a.rare", "to_time": START + timedelta(hours=1)},
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_a_page_reads_a_page_however_long_the_log_is(
    app: Flask, admin: Developer, filters: dict[str, Any]
) -> None:
    """By the plans: no sort, and no more rows looked at than a page has."""
    db.session.execute(
        sa.text(
            "INSERT INTO audit_entries (at, actor_id, actor_name, action, target_type, target_id)"
            " SELECT CAST(:start AS timestamptz) + n * interval '1 minute', n % 50, '',"
            " CASE n % 20 WHEN 0 THEN 'a.rare' WHEN 1 THEN 'a.b' ELSE 'b.c' END,"
            " 't' || n % 10, n % 100 FROM generate_series(1, 20000) AS n"
        ),
        {"start": START},
    )
    db.session.execute(sa.text("ANALYZE audit_entries"))
    with explained() as plans:
        first = paginate_by_cursor(
            audit_log.listing(admin, **filters), AuditEntry.at, AuditEntry.id
        )
        cursor = first["next_cursor"]
        if cursor:
            rows = audit_log.listing(admin, **filters)
            paginate_by_cursor(rows, AuditEntry.at, AuditEntry.id, cursor=cursor)
    assert len(plans) == 1 + bool(cursor)
    for plan in plans:
        nodes = list(walk(plan))
        assert not [node for node in nodes if "Sort" in node["Node Type"]], plan
        read = [node for node in nodes if node.get("Relation Name") == "audit_entries"]
        looked_at = sum(n["Actual Rows"] + n.get("Rows Removed by Filter", 0) for n in read)
        assert looked_at <= 51, plan


def walk(node: dict[str, Any]) -> Any:
    yield node
    for below in node.get("Plans", []):
        yield from walk(below)
