"""Comparisons that would take long run elsewhere, and within limits."""

import contextlib
import json
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app.extensions import db, redis
from app.redis import presence
from app.services.changes import comparison
from app.services.changes.comparison import InlineBudget, Pair
from tests.app.embedded.embedded_clients import eventually
from tests.factories import hard_files as hard

EASY = (zlib.compress(b"a\nb\n"), zlib.compress(b" a\nc\n"))
PERSON = 1


@pytest.fixture(scope="module")
def hard_pair() -> Pair:
    old, new = hard.colliding(0, 16_000), hard.colliding(16_000, 16_000)
    return zlib.compress(old), zlib.compress(new)


def test_answers_come_in_order_as_json(app: Flask) -> None:
    nothing = (zlib.compress(b"a\0"), zlib.compress(b"a"))
    answers = comparison.compare("whitespace", [EASY, nothing], PERSON)
    assert answers is not None
    first, second = (json.loads(answer or b"{}") for answer in answers)
    assert (first["insertions"], first["deletions"], second) == (1, 1, None)
    assert comparison.compare("lines", [EASY], PERSON) == [b"[[1,2,1,2]]"]


def test_one_pair_takes_no_time_of_the_others(
    app: Flask, hard_pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        comparison, "RUN_TIMEOUT_SECONDS", 60.0
    )  # other tests have the processor, too
    answers = comparison.compare("whitespace", [hard_pair, EASY, hard_pair, EASY], PERSON)
    assert answers is not None
    assert [answer is None for answer in answers] == [True, False, True, False]
    assert answers[1] == answers[3]


def test_what_takes_too_long_is_ended(
    app: Flask, hard_pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "RUN_TIMEOUT_SECONDS", 1.0)
    started, popen = [], subprocess.Popen

    def start(*args: Any, **kwargs: Any) -> Any:
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    began = time.monotonic()
    assert comparison.compare("whitespace", [hard_pair], PERSON) == [None]
    assert time.monotonic() - began < 10
    assert eventually(lambda: not _members(started[0].pid), seconds=1.0)
    assert not redis.client.zcard("comparing"), "its turn is over"


def _members(group: int) -> list[str]:
    """The processes of that group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group and state not in "ZX":
                found.append(stat.parent.name)
    return found


def test_one_person_has_one_request_wait_and_takes_no_place_of_others(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit = presence.admit_command("other", {f"comparing:{PERSON}": 1}, time.time(), 30)
    redis.client.execute_command(*admit)
    mine: list[Any] = []
    theirs: list[Any] = []

    def meanwhile(seconds: float) -> None:
        """While the first request waits, its developer sends more, and another sends one."""
        if seconds and len(mine) < comparison.MAX_WAITING:
            assert "waits" not in mine, "a second one waits"
            mine.append("waits")
            mine[-1] = comparison.compare("whitespace", [EASY], PERSON)
            if not theirs:
                theirs.append(comparison.compare("whitespace", [EASY], PERSON + 1))

    clock = SimpleNamespace(time=time.time, monotonic=time.monotonic, sleep=meanwhile)
    monkeypatch.setattr(comparison, "time", clock)
    monkeypatch.setattr(comparison, "WAIT_TIMEOUT_SECONDS", 0.2)
    assert comparison.compare("whitespace", [EASY], PERSON) is None
    assert set(mine) == {None}
    [answers] = theirs
    assert answers is not None


@pytest.mark.parametrize("wanted", ["limits are set", "memory is short"])
def test_the_process_limits_itself(app: Flask, wanted: str) -> None:
    code = (
        "import resource as r; from app.services.changes import comparison_process as c;"
        "c._set_limits(); print([r.getrlimit(w)[1] for w in (r.RLIMIT_CPU, r.RLIMIT_AS)])"
    )
    if wanted == "memory is short":
        code += "; bytearray(600 << 20)"
    done = subprocess.run(
        [*comparison.PYTHON, "-c", code], cwd=comparison.ROOT, capture_output=True, check=False
    )
    assert done.stdout.split() == [b"[3,", b"536870912]"]
    assert (b"MemoryError" in done.stderr) == (wanted == "memory is short")


@pytest.mark.parametrize(
    ("taken", "is_ours"),
    [
        ({f"comparing:{PERSON}": 1, "comparing": 1}, False),
        ({"comparing": 2}, False),
        ({f"comparing:{PERSON + 1}": 1, "comparing": 1}, True),
    ],
    ids=["by oneself", "by two others", "by one other"],
)
def test_two_run_on_the_server_and_one_for_each_person(
    app: Flask, monkeypatch: pytest.MonkeyPatch, taken: dict[str, int], is_ours: bool
) -> None:
    monkeypatch.setattr(comparison, "WAIT_TIMEOUT_SECONDS", 0.0)
    for key, count in taken.items():
        for number in range(count):
            admit = presence.admit_command(f"other{number}", {key: 9}, time.time(), 30)
            assert redis.client.execute_command(*admit) == 1
    answers = comparison.compare("whitespace", [EASY], PERSON)
    assert (answers is not None) == is_ours


def test_a_turn_of_a_process_that_has_died_lapses(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "WAIT_TIMEOUT_SECONDS", 0.0)
    past = time.time() - 60
    redis.client.execute_command(
        *presence.admit_command("dead", {f"comparing:{PERSON}": 1}, past, 30)
    )
    assert comparison.compare("whitespace", [EASY], PERSON) is not None


def test_no_transaction_is_open_meanwhile(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    was_open: list[bool] = []
    started = subprocess.Popen

    def start(*args: Any, **kwargs: Any) -> Any:
        was_open.append(db.session.registry().in_transaction())
        return started(*args, **kwargs)

    def pairs() -> Iterator[Pair]:
        db.session.execute(db.text("SELECT 1"))
        yield EASY

    monkeypatch.setattr(subprocess, "Popen", start)
    comparison.compare("whitespace", pairs(), PERSON)
    assert was_open == [False]


def test_one_request_compares_little_in_the_process_that_serves() -> None:
    allowance = InlineBudget()
    small = b"line\n" * 100
    assert allowance.covers_bytes(len(small) * 2)
    assert [allowance.spend(small, small) for _ in range(6)] == [True] * 5 + [False]
    assert not InlineBudget().covers_bytes(256 << 10)
    assert not InlineBudget().spend(b"\n" * 600, b"\n" * 600)
