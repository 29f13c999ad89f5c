"""BEGIN travels with the first statement of its transaction: one round trip less for each.

psycopg2 sends BEGIN by itself and waits for the answer. Between processes that sleep in between, a
round trip is what a request's time is made of, so here psycopg2 is in autocommit mode, and BEGIN,
COMMIT and ROLLBACK are ours.

Execution options of a statement save more:

- `prepared`, a name that no other statement has: each connection has Postgres plan it once. The
  parameters that have no value of their own are given with each execution; all others are part of
  what is planned.
- `commits`: COMMIT travels along, so that the statement is its transaction's last.
  `session.commit()` comes after it all the same, and finds nothing left to send. psycopg2 hands out
  what came last, so that the statement's own rows are lost. With `commits=SAID` it has said what
  matters of them, as one text, with `say`, and its row is what it has said.
- `alone`: what only reads, and locks nothing, needs no transaction to be read in, and so nobody
  waits for the end of one afterwards.

Nor is a connection asked whether it still lives before it is used. Postgres says nothing on one
that rests: if there is something to read, it is a goodbye, and a new connection takes its place.
"""

import select
from collections.abc import Mapping
from typing import Any

from gevent import monkey
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, AsIs
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

# Not gevent's, which would visit the hub: this one only looks.
_poll = monkey.get_original("select", "poll")
_PREPARED = "muster_prepared"  # in a connection's `info`

SAID = "said"
_SETTING = "muster.said"


def say(text: str) -> str:
    """What a statement that commits ends with: the SQL of a text, which outlives the COMMIT."""
    return f"SELECT set_config('{_SETTING}', {text}, false)"


def begin_with_first_statement(engine: Engine) -> None:
    """To be called once, before the engine's first connection."""
    event.listen(engine, "connect", _on_connect, insert=True)  # before it is first talked to
    event.listen(engine, "checkout", _on_checkout)
    event.listen(engine, "before_cursor_execute", _on_execute, retval=True)
    # Also what the pool calls when a connection comes back to it.
    engine.dialect.do_commit = _do_commit  # type: ignore[method-assign]
    engine.dialect.do_rollback = _do_rollback  # type: ignore[method-assign]


def _on_connect(dbapi_connection: Any, _: Any) -> None:
    dbapi_connection.autocommit = True


def _on_checkout(dbapi_connection: Any, *_: Any) -> None:
    """Raises DisconnectionError, on which the pool connects anew."""
    if dbapi_connection.closed:
        raise DisconnectionError
    look = _poll()
    look.register(dbapi_connection.fileno(), select.POLLIN)
    if look.poll(0):
        raise DisconnectionError


def _on_execute(
    connection: Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    context: Any,
    executemany: bool,
) -> tuple[str, Any]:
    options = context.execution_options
    if "prepared" in options:
        statement = _prepare(connection, cursor, statement, parameters, context)
    if options.get("commits") and not connection.in_nested_transaction():
        statement = f"{statement}; COMMIT"
        if options["commits"] == SAID:
            statement = f"{statement}; SELECT current_setting('{_SETTING}')"
    is_begun = cursor.connection.get_transaction_status() != TRANSACTION_STATUS_IDLE
    if is_begun or options.get("alone") or options.get("isolation_level") == "AUTOCOMMIT":
        return statement, parameters
    if executemany:  # which would begin anew with each row
        cursor.execute("BEGIN")
        return statement, parameters
    return f"BEGIN; {statement}", parameters


def _prepare(
    connection: Connection,
    cursor: Any,
    statement: str,
    parameters: Mapping[str, Any],
    context: Any,
) -> str:
    """What executes it, once it is prepared on this connection."""
    name, binds = context.execution_options["prepared"], context.compiled.binds
    free = [key for key in parameters if key in binds and binds[key].required]
    known = connection.info.setdefault(_PREPARED, set())
    if name not in known:
        places = {key: AsIs(f"${number}") for number, key in enumerate(free, 1)}
        text = cursor.mogrify(statement, {**parameters, **places}).decode()
        cursor.execute(f"PREPARE {name} AS {text}")
        known.add(name)
    given = ", ".join(f"%({key})s" for key in free)
    return f"EXECUTE {name} ({given})" if free else f"EXECUTE {name}"


def _do_commit(dbapi_connection: Any) -> None:
    _end(dbapi_connection, "COMMIT")


def _do_rollback(dbapi_connection: Any) -> None:
    _end(dbapi_connection, "ROLLBACK")


def _end(dbapi_connection: Any, how: str) -> None:
    if dbapi_connection.get_transaction_status() == TRANSACTION_STATUS_IDLE:
        return  # nothing was said, so nothing was begun
    with dbapi_connection.cursor() as cursor:
        cursor.execute(how)
