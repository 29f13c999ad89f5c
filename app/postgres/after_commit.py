"""Callbacks of a session, registered during its transaction and run after its commit.

A callback belongs to the session's transaction, or to its current savepoint. A rollback drops its
callbacks; releasing a savepoint passes them to the transaction. They run when the transaction has
ended and its connection is back in the pool, each once however often it was registered.
SQLAlchemy's `after_commit` is too early: it also fires at savepoints, and while the connection is
still held.

A statement with the execution option `commits` (`transactions`) is a commit that the session
doesn't know about. Callbacks that were registered before it, or after it in the same transaction of
the session, run however that ends.
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
    """The callbacks of a session's transaction, in the order of their registration.

    `savepoint_marks`: their number at the start of each open savepoint. `is_released`: the
    savepoint that is about to end was released. `is_committed`: the transaction was committed.
    """

    def __init__(self) -> None:
        self.registered: dict[Callback, None] = {}
        self.savepoint_marks: list[int] = []
        self.is_released = False
        self.is_committed = False


def on_commit(wishes: Iterable[Callback]) -> None:
    """Run these after the commit of the current session's transaction."""
    made, session = dict.fromkeys(wishes), db.session()
    if not made:
        return
    if not session.in_transaction():
        session.begin()  # otherwise a rollback goes unnoticed; nothing is sent to Postgres
    _get_callbacks(session).registered.update(made)


def pop_callbacks() -> list[Any]:
    """Return the callbacks so far, for a caller who runs them later, and remove them from the
    session.
    """
    wishes = _get_callbacks(db.session())
    made, wishes.registered = list(wishes.registered), {}
    wishes.savepoint_marks = [0] * len(wishes.savepoint_marks)
    return made


def set_runner(grant: CallbackRunner) -> None:
    """Set the function that runs the callbacks of all sessions. Call it once."""

    def end(session: Session, transaction: SessionTransaction) -> None:
        if transaction.nested:
            _end_savepoint(_get_callbacks(session))
        elif transaction.parent is None and (made := _pop_committed(session)):
            grant(made)

    event.listen(db.session, "after_transaction_create", _on_create)
    event.listen(db.session, "after_commit", _on_commit)
    event.listen(db.session, "after_transaction_end", end)


def track_commits(engine: Engine) -> None:
    """Count this engine's statements that commit by themselves as commits."""
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
    """Return the callbacks to run of a transaction that has ended, and remove them all."""
    wishes: _Callbacks | None = session.info.pop(_INFO_KEY, None)
    return list(wishes.registered) if wishes is not None and wishes.is_committed else []
