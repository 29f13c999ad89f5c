"""Every advisory lock has its name, in one place."""

import ast
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.postgres import advisory_locks
from app.postgres.advisory_locks import AdvisoryLock

ROOT = Path(__file__).parents[3]
HOME = ROOT / "app/postgres/advisory_locks.py"
NUMBERS = {lock.value for lock in AdvisoryLock}


def sources() -> Iterator[Path]:
    for room in ("app", "migrations", "demo", "bench"):
        yield from (path for path in sorted((ROOT / room).rglob("*.py")) if path != HOME)


def locks_by_hand(path: Path) -> bool:
    text = path.read_text()
    constants = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return (
        "pg_advisory" in text
        or "pg_try_advisory" in text
        or not NUMBERS.isdisjoint(value for value in constants if isinstance(value, int))
    )


def test_nobody_else_writes_a_number_or_takes_an_advisory_lock_by_hand() -> None:
    assert [str(path.relative_to(ROOT)) for path in sources() if locks_by_hand(path)] == []


def test_no_number_stands_twice() -> None:
    (table,) = (
        node
        for node in ast.parse(HOME.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == "AdvisoryLock"
    )
    written = [
        node.value.value
        for node in table.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    ]
    assert sorted(written) == sorted(NUMBERS)


@pytest.mark.parametrize("lock", AdvisoryLock, ids=lambda lock: lock.name)
def test_one_transaction_has_a_lock_at_a_time_and_no_other_is_in_its_way(
    committed_app: Flask, lock: AdvisoryLock
) -> None:
    with db.engine.connect() as holder, db.engine.connect() as other:
        holder.execute(select(advisory_locks.acquire(lock)))
        got = {one: other.scalar(select(advisory_locks.try_acquire(one))) for one in AdvisoryLock}
        assert got == {one: one is not lock for one in AdvisoryLock}
        waiting = threading.Thread(
            target=other.execute, args=(select(advisory_locks.acquire(lock)),), daemon=True
        )
        waiting.start()
        holder.rollback()
        waiting.join(10)
        assert not waiting.is_alive()
