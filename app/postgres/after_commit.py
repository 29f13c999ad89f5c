"""Wishes on a session: noted while its transaction works, granted once that is committed.

A wish belongs to the session's transaction, or to the savepoint in it. What is rolled back takes
its wishes along; what a savepoint leaves when it is released is its transaction's. They are granted
when the transaction has ended and its connection is back in the pool, each once however often it
was wished. SQLAlchemy's `after_commit` alone would be too early: it fires at savepoints too, and
while the connection is still held.

A statement with the execution option `commits` (`transactions`) is a commit that the session does
not know of: what is wished before it, or after it in the same transaction of the session, is
granted however that ends.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, SessionTransaction

from app.extensions import db

Callback = Hashable
CallbackRunner = Callable[[list[Any]], None]

_INFO_KEY = "wishes"  # in a session's `info`


class _Callbacks:
    """Those of a session's transaction, in the order in which they were first made.

    `marks`: how many there were when each savepoint began that is open. `is_released`: whether the
    savepoint that is about to end has been. `is_committed`: whether the transaction has been.
    """

    def __init__(self) -> None:
        self.registered: dict[Callback, None] = {}
        self.savepoint_marks: list[int] = []
        self.is_released = False
        self.is_committed = False


def on_commit(wishes: Iterable[Callback]) -> None:
    """Have these granted after the commit of the current session's transaction."""
    made, session = dict.fromkeys(wishes), db.session()
    if not made:
        return
    if not session.in_transaction():
        session.begin()  # or a rollback would not be seen; nothing is sent to Postgres
    _get_callbacks(session).registered.update(made)


def pop_callbacks() -> list[Any]:
    """The wishes so far, for a caller who grants them later: the session forgets them."""
    wishes = _get_callbacks(db.session())
    made, wishes.registered = list(wishes.registered), {}
    wishes.savepoint_marks = [0] * len(wishes.savepoint_marks)
    return made


def set_runner(grant: CallbackRunner) -> None:
    """Have the wishes of all sessions granted by this function. To be called once."""

    def end(session: Session, transaction: SessionTransaction) -> None:
        if transaction.nested:
            _end_savepoint(_get_callbacks(session))
        elif transaction.parent is None and (made := _pop_committed(session)):
            grant(made)

    event.listen(db.session, "after_transaction_create", _on_create)
    event.listen(db.session, "after_commit", _on_commit)
    event.listen(db.session, "after_transaction_end", end)


def track_commits(engine: Engine) -> None:
    """Have statements of this engine that commit by themselves count as commits."""
    event.listen(engine, "after_cursor_execute", _on_execute)


def _get_callbacks(session: Session) -> _Callbacks:
    wishes: _Callbacks | None = session.info.get(_INFO_KEY)
    if wishes is None:
        wishes = session.info[_INFO_KEY] = _Callbacks()
    return wishes


def _on_create(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        wishes = _get_callbacks(session)
        wishes.savepoint_marks.append(len(wishes.registered))


def _on_commit(session: Session) -> None:
    wishes: _Callbacks | None = session.info.get(_INFO_KEY)
    if wishes is None:
        return
    if session.in_nested_transaction():
        wishes.is_released = True
    else:
        wishes.is_committed = True


def _on_execute(
    connection: Connection,
    _cursor: Any,
    _statement: Any,
    _parameters: Any,
    context: Any,
    _many: Any,
) -> None:
    if not context.execution_options.get("commits") or connection.in_nested_transaction():
        return
    if not db.session.registry.has():
        return
    transaction = db.session().get_transaction()
    if transaction is not None and connection in transaction.connections:
        _get_callbacks(db.session()).is_committed = True


def _end_savepoint(wishes: _Callbacks) -> None:
    mark = wishes.savepoint_marks.pop()
    if not wishes.is_released:
        wishes.registered = dict.fromkeys(list(wishes.registered)[:mark])
    wishes.is_released = False


def _pop_committed(session: Session) -> list[Any]:
    """What is to be granted of the wishes of a transaction that has ended. None of them stays."""
    wishes: _Callbacks | None = session.info.pop(_INFO_KEY, None)
    return list(wishes.registered) if wishes is not None and wishes.is_committed else []
