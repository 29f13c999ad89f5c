"""Logs whose time is over: gone, with a chain that stays and a bundle that says so."""

import base64
import io
import json
import zipfile
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.attempt import AttemptOutcome
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Attempt, Developer, LogChain, LogChunk
from app.services import clock, settings
from app.services.evidence import bundle, keys, log_expiry
from app.services.logs import chunk_reader, logs, recordings
from app.services.logs.logs import LogSegment
from app.services.tasks import storage_quota
from muster import verify
from muster.protocol import evidence
from muster.verify import PublicKey
from tests.factories import make_attempt, make_developer, make_machine, make_task

NOW = clock.now()
DAY = timedelta(days=1)
LOG = b"".join(b"%07d a line\r\n" % n for n in range(12_000))  # three links


@pytest.fixture
def admin(app: Flask) -> Developer:
    admin = make_developer(role=SystemRole.ADMIN)
    settings.update(admin, {"logRetentionDays": 30})
    return admin


def make_log(ended_at: datetime | None) -> Attempt:
    """An attempt with a log of which some was lost."""
    attempt = make_attempt(make_task(), make_machine(), has_slot=False)
    logs.append(attempt, [LogSegment(0, 0, 0, LOG[:100_000])])
    logs.record_gap(attempt, 100_000, 100_010)
    logs.append(attempt, [LogSegment(100_010, 0, 0, LOG[100_000:])])
    attempt.ended_at = ended_at
    attempt.outcome = None if ended_at is None else AttemptOutcome.PUBLISHED
    db.session.commit()
    return attempt


def chunks(attempt: Attempt) -> int:
    query = sa.select(sa.func.count()).where(LogChunk.task_id == attempt.task_id)
    return db.session.scalar(query.select_from(LogChunk)) or 0


def download_bundle(actor: Developer, attempt: Attempt) -> zipfile.ZipFile:
    """The task's bundle, which `verify` takes."""
    data = b"".join(bundle.create_bundle(actor, attempt.task_id).read())
    public_keys = [
        PublicKey(key.id, evidence.ALGORITHM, base64.b64encode(key.public_key).decode())
        for key in keys.list_keys()
    ]
    assert verify.verify(io.BytesIO(data), public_keys)
    return zipfile.ZipFile(io.BytesIO(data))


@pytest.mark.parametrize(
    ("ended_at", "left"),
    [(NOW - 31 * DAY, 0), (NOW - 29 * DAY, 2), (None, 2)],
    ids=["ended long ago", "ended lately", "at work"],
)
def test_a_log_goes_when_its_time_is_over(
    admin: Developer, ended_at: datetime | None, left: int
) -> None:
    attempt = make_log(ended_at)
    for _ in range(2):
        log_expiry.sweep(NOW)
    assert chunks(attempt) == left
    assert (db.session.get(LogChain, (attempt.task_id, 1)) is None) == bool(left)


def test_its_chain_stays_and_is_in_the_bundle(admin: Developer) -> None:
    attempt = make_log(NOW - 31 * DAY)
    before = download_bundle(admin, attempt)
    log_expiry.sweep(NOW)
    after = download_bundle(admin, attempt)
    assert "log-1.bin" in before.namelist()
    assert not {"log-1.bin", "recording-1.cast"} & set(after.namelist())
    assert after.read("log-1.chain.json") == before.read("log-1.chain.json")
    was, now = (json.loads(made.read("manifest.json"))["chains"] for made in (before, after))
    assert was == [{**now[0], "isTaken": False}]
    assert now[0]["isTaken"]
    assert (now[0]["bytes"], now[0]["gaps"]) == (len(LOG), [[100_000, 100_010]])


def test_who_reads_it_then_is_told_that_it_is_lost(admin: Developer) -> None:
    attempt = make_log(NOW - 31 * DAY)
    size = attempt.log_bytes
    log_expiry.sweep(NOW)
    raw = logs.raw_log(admin, attempt.task_id)
    assert (raw.size, raw.gaps, [*raw.read(0, size)]) == (size, [(0, size)], [])
    assert logs.read_page(admin, attempt.task_id).total == 0
    cast = b"".join(recordings.create_recording(admin, attempt.task_id).read())
    assert b"bytes were lost here" in cast


def test_nothing_is_added_to_it_any_more(admin: Developer) -> None:
    attempt = make_log(NOW - 31 * DAY)
    log_expiry.sweep(NOW)
    attempt = db.session.get_one(Attempt, (attempt.task_id, 1))
    assert not storage_quota.has_space(attempt, 1)
    logs.append(attempt, [LogSegment(attempt.log_bytes, 0, 0, b"late")])
    assert chunks(attempt) == 0


def test_a_log_that_grows_meanwhile_is_left_for_the_next_run(
    admin: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = make_log(NOW - 31 * DAY)
    read = chunk_reader.read_slices

    def grows(found: Attempt, *where: int) -> object:
        yield from read(found, *where)
        late = db.session.get_one(Attempt, (attempt.task_id, 1))
        logs.append(late, [LogSegment(late.log_bytes, 0, 0, b"late\r\n")])
        db.session.commit()
        monkeypatch.setattr(chunk_reader, "read_slices", read)

    monkeypatch.setattr(chunk_reader, "read_slices", grows)
    log_expiry.sweep(NOW)
    assert chunks(attempt) == 3
    log_expiry.sweep(NOW)
    assert chunks(attempt) == 0
    chain = db.session.get_one(LogChain, (attempt.task_id, 1))
    assert chain.byte_count == len(LOG) + 6


def test_a_run_ends_and_the_next_one_goes_on_with_the_oldest(
    admin: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_expiry, "MAX_BYTES", 0)
    found = [make_log(NOW - days * DAY) for days in (31, 33, 32)]
    for left in ([2, 0, 2], [2, 0, 0], [0, 0, 0]):
        log_expiry.sweep(NOW)
        assert [chunks(attempt) for attempt in found] == left


def test_what_is_due_is_found_by_an_index(app: Flask) -> None:
    db.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    db.session.execute(sa.text("SET LOCAL enable_sort = off"))
    query = log_expiry.due_logs(NOW).limit(10)
    statement = query.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = "\n".join(db.session.scalars(sa.text(f"EXPLAIN {statement}")))
    assert "Index Scan using ix_attempts_logs" in plan
