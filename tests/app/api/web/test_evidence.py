"""/api/web/tasks/:id/evidence: one signed file of all that was said, which `verify` takes."""

import io
import json
import zipfile
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient

from app.domain.diff import DiffBase
from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, EvidenceKey, LogChunk, Task
from app.services import settings
from app.services.clock import now
from app.services.evidence import bundle, decisions
from app.services.logs import logs
from app.services.logs.logs import LogSegment, RawLog
from app.services.tasks import history
from muster import verify
from tests.factories import (
    make_attempt,
    make_change,
    make_content,
    make_developer,
    make_gate,
    make_machine,
    make_review,
    make_review_comment,
    make_review_thread,
    make_task,
    make_transcript,
)

Login = Callable[[Developer], dict[str, str]]
KEYS = "/.well-known/muster-evidence.json"
LOG = b"".join(b"%07d a line of a log\r\n" % n for n in range(9_000))  # more than three links


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN, name="Ada")


@pytest.fixture
def headers(admin: Developer, login: Login) -> dict[str, str]:
    return login(admin)


@pytest.fixture
def task(admin: Developer) -> Task:
    """With two attempts, of which the first has lost something, and an answered question."""
    task = make_task(description="Round the totals once.", creator=admin)
    add_transcript(task, EventType.CREATED, "created")
    first = make_attempt(task, make_machine(name="elm"), has_slot=False)
    logs.append(first, [LogSegment(0, 0, 0, b"begun\r\n")])
    logs.record_gap(first, 7, 100)
    logs.append(first, [LogSegment(100, 5, 0, b"and ended\r\n")])
    first.ended_at, first.outcome = now(), "failed"
    db.session.commit()
    second = make_attempt(task, make_machine(name="oak"), has_slot=False)
    for at in range(0, len(LOG), 50_000):
        logs.append(second, [LogSegment(at, at, 0, LOG[at : at + 50_000])])
    make_transcript(task.id, first=0, attempt=2)
    second.transcript_entries = 1
    make_gate(
        task,
        kind=GateKind.CONFIRM,
        answered_at=now(),
        answered_by=admin.id,
        result="approved",
        comment="good",
    )
    add_transcript(task, EventType.CONFIRMED, "approved by Ada")
    task.status = TaskStatus.COMPLETED
    db.session.commit()
    return task


def add_transcript(task: Task, kind: EventType, message: str) -> None:
    history.record_event(task, kind, message, now())
    db.session.commit()


def download_evidence(client: FlaskClient, task: Task, headers: dict[str, str]) -> bytes:
    answer = client.get(f"/api/web/tasks/{task.id}/evidence", headers=headers)
    assert answer.status_code == 200
    return answer.data


def verified(client: FlaskClient, data: bytes, folder: Path) -> int:
    """What `python -m muster verify` says of it, with the keys that the server publishes."""
    (folder / "keys.json").write_bytes(client.get(KEYS).data)
    (folder / "bundle.zip").write_bytes(data)
    return verify.main([str(folder / "bundle.zip"), "--key", str(folder / "keys.json")])


def test_what_the_server_makes_is_verified_without_it(
    client: FlaskClient,
    task: Task,
    headers: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = download_evidence(client, task, headers)
    assert verified(client, data, tmp_path) == 0
    output = capsys.readouterr().out
    assert f"GENUINE: task {task.id} of server " in output
    assert "signed by the server's key " in output
    assert "incomplete logs, of attempts: 1" in output


def test_all_that_was_said_is_in_it(
    client: FlaskClient, task: Task, headers: dict[str, str]
) -> None:
    made = zipfile.ZipFile(io.BytesIO(download_evidence(client, task, headers)))
    assert made.namelist() == [
        "decisions.json",
        "events.jsonl",
        "log-1.bin",
        "log-1.chain.json",
        "log-2.bin",
        "log-2.chain.json",
        "manifest.json",
        "recording-1.cast",
        "recording-2.cast",
        "signature",
        "task.json",
        "transcript-1.jsonl",
        "transcript-2.jsonl",
    ]
    (decision,) = json.loads(made.read("decisions.json"))
    assert (decision["result"], decision["comment"]) == ("approved", "good")
    assert decision["answeredBy"] == {"id": task.created_by, "name": "Ada"}
    assert decision["answeredAt"]
    events = [json.loads(line) for line in made.read("events.jsonl").splitlines()]
    assert [event["type"] for event in events] == ["created", "confirmed"]
    about = json.loads(made.read("task.json"))
    assert (about["id"], about["status"]) == (task.id, "completed")
    assert [attempt["machine"]["name"] for attempt in about["attempts"]] == ["elm", "oak"]
    entries = [json.loads(line) for line in made.read("transcript-2.jsonl").splitlines()]
    assert [entry["number"] for entry in entries] == list(range(len(entries)))
    assert made.read("log-1.bin") == b"begun\r\nand ended\r\n"
    for number in (1, 2):
        for name, path in (
            (f"log-{number}.bin", "logs/raw"),
            (f"recording-{number}.cast", "recording"),
        ):
            whole = client.get(f"/api/web/tasks/{task.id}/{path}?attempt={number}", headers=headers)
            assert made.read(name) == whole.data


def test_the_same_state_is_the_same_bundle(
    client: FlaskClient, task: Task, headers: dict[str, str]
) -> None:
    path = f"/api/web/tasks/{task.id}/evidence"
    first, second = (client.get(path, headers=headers) for _ in range(2))
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]
    known = {**headers, "If-None-Match": first.headers["ETag"]}
    assert client.get(path, headers=known).status_code == 304
    add_transcript(task, EventType.WARNING, "another")
    third = client.get(path, headers=known)
    assert third.status_code == 200
    assert third.data != first.data


def test_a_task_without_an_attempt_has_evidence(
    client: FlaskClient, admin: Developer, headers: dict[str, str], tmp_path: Path
) -> None:
    task = make_task()
    assert verified(client, download_evidence(client, task, headers), tmp_path) == 0


def test_the_manifest_says_whose_it_is(
    client: FlaskClient, task: Task, admin: Developer, headers: dict[str, str]
) -> None:
    settings.update(admin, {"publicUrl": "https://muster.example"})
    made = zipfile.ZipFile(io.BytesIO(download_evidence(client, task, headers)))
    manifest = json.loads(made.read("manifest.json"))
    assert manifest["server"]["url"] == "https://muster.example"
    assert manifest["format"] == "muster-evidence-1"
    assert manifest["taskId"] == task.id
    assert [chain["gaps"] for chain in manifest["chains"]] == [[[7, 100]], []]


def test_what_an_older_key_has_signed_stays_valid(
    app: Flask, client: FlaskClient, task: Task, headers: dict[str, str], tmp_path: Path
) -> None:
    before = download_evidence(client, task, headers)
    result = app.test_cli_runner().invoke(args=["evidence-key"])
    assert result.exit_code == 0, result.output
    new, old = client.get(KEYS).json["keys"]
    assert new["id"] in result.output
    assert old["retiredAt"] is not None
    assert db.session.get(EvidenceKey, old["id"]).private_key is None
    after = download_evidence(client, task, headers)
    assert after != before
    assert verified(client, before, tmp_path) == 0
    assert verified(client, after, tmp_path) == 0


def test_a_key_that_cannot_be_read_is_said(
    app: Flask,
    client: FlaskClient,
    task: Task,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    download_evidence(client, task, headers)
    monkeypatch.setitem(app.config, "ENCRYPTION_KEYS", [Fernet.generate_key().decode()])
    answer = client.get(f"/api/web/tasks/{task.id}/evidence", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (409, "signing_key_unreadable")


def test_the_patches_of_changes_are_in_it(
    client: FlaskClient, task: Task, headers: dict[str, str], tmp_path: Path
) -> None:
    sections = [b"diff --git a/a b/a\n+one\n", b"diff --git a/b b/b\n-two\n" * 9_000]
    ids = [make_content(task, section).id for section in sections]
    make_change(task, [{"path": name, "patch": id} for name, id in zip("ab", ids, strict=True)])
    make_change(task, [{"path": "a"}], left_out="size", since=DiffBase.STAGE)
    data = download_evidence(client, task, headers)
    made = zipfile.ZipFile(io.BytesIO(data))
    patches = [name for name in made.namelist() if name.startswith("diffs/")]
    assert patches == ["diffs/attempt-2-stage-0-since-base.patch"]
    assert made.read(patches[0]) == b"".join(sections)
    changes = json.loads(made.read("task.json"))["changes"]
    assert [(change["since"], change["leftOut"]) for change in changes] == [
        ("base", ""),
        ("stage", "size"),
    ]
    assert verified(client, data, tmp_path) == 0


def test_it_is_made_while_it_is_taken(
    client: FlaskClient, task: Task, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    read = RawLog.read
    monkeypatch.setattr(RawLog, "read", lambda *asked: made.append("log") or read(*asked))
    answer = client.get(f"/api/web/tasks/{task.id}/evidence", headers=headers)
    assert made == ["log"] * 2, "the first byte needs the first reading alone"
    assert answer.content_length is None
    assert answer.data
    assert made == ["log"] * 4


def test_a_part_that_goes_meanwhile_ends_the_answer(
    client: FlaskClient, task: Task, headers: dict[str, str], admin: Developer
) -> None:
    """Rather than that a file is served that is none."""
    pieces = bundle.create_bundle(admin, task.id).read()
    assert next(piece for piece in pieces if piece)
    db.session.execute(sa.delete(LogChunk))
    db.session.commit()
    with pytest.raises(bundle.PartChanged, match=r"log-1\.bin"):
        deque(pieces, 0)


def test_what_happens_meanwhile_is_not_in_it(
    client: FlaskClient, task: Task, admin: Developer, tmp_path: Path
) -> None:
    pieces = bundle.create_bundle(admin, task.id).read()
    whole = taken_of(bundle.create_bundle(admin, task.id))
    begin = next(piece for piece in pieces if piece)
    second = db.session.get(Attempt, (task.id, 2))
    logs.append(second, [LogSegment(second.log_bytes, 0, 0, b"more\r\n")])
    make_transcript(task.id, first=1, attempt=2)
    second.transcript_entries = 2
    add_transcript(task, EventType.WARNING, "late")
    assert begin + b"".join(pieces) == whole
    assert verified(client, whole, tmp_path) == 0


def taken_of(made: bundle.Bundle) -> bytes:
    return b"".join(made.read())


def test_what_people_said_of_the_work_is_in_it_and_drafts_are_not(
    client: FlaskClient,
    task: Task,
    admin: Developer,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decisions, "PAGE_SIZE", 1)
    review = make_review(task, author=admin)
    thread = make_review_thread(task, created_by=admin.id, published_at=now())
    make_review_comment(thread, author_id=admin.id, body="round once", published_at=now())
    make_review_comment(thread, author_id=admin.id, body="not so sure", published_at=None)
    make_review_thread(task, created_by=admin.id, published_at=None)
    made = zipfile.ZipFile(io.BytesIO(download_evidence(client, task, headers)))
    found = json.loads(made.read("decisions.json"))
    assert [one["what"] for one in found] == ["question", "review", "thread", "comment"]
    assert found[1]["by"] == {"id": admin.id, "name": "Ada"}
    assert (found[1]["id"], found[2]["id"]) == (review.id, thread.id)
    assert (found[3]["body"], found[3]["thread"]) == ("round once", thread.id)
