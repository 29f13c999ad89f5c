"""Fewer round trips to Postgres: BEGIN is sent with the first statement of its transaction.

By default, psycopg2 sends BEGIN alone and waits for the response. Most of a request's time is such
round trips, because both processes sleep in between. So psycopg2 is in autocommit mode here,
and this module sends BEGIN, COMMIT and ROLLBACK.

Execution options of a statement save further round trips:

- `prepared=name`: each connection prepares the statement once, under a name that no other statement
  has, and executes it by that name. Bind parameters without a value are sent with each execution;
  the values of all others become part of the prepared statement.
- `commits=True`: COMMIT is sent with the statement, which must be its transaction's last.
  `session.commit()` is still called, and has nothing left to send. The statement's rows are lost,
  because psycopg2 returns only the last result.
- `commits=RETURNING_TEXT`: likewise, but one text is kept. The statement stores it with
  `returning_text(…)`, and the result is one row with that text.
- `alone=True`: the statement only reads and locks nothing, so it needs no transaction, and no
  ROLLBACK afterwards.

Checking that a connection still works needs no query, either. Postgres sends nothing on an idle
connection except the notice that it closes: a connection with something to read is replaced.
"""

import select
from collections.abc import Mapping
from typing import Any

from gevent import monkey
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, AsIs
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

# Not gevent's, which would switch to the hub: this one only polls.
_poll = monkey.get_original("select", "poll")
_PREPARED = "muster_prepared"  # in a connection's `info`

RETURNING_TEXT = "said"
_SETTING = "muster.said"


def returning_text(text: str) -> str:
    """Return the SQL that ends a statement with `commits=RETURNING_TEXT`.

    It preserves `text`, an SQL expression, beyond the COMMIT.
    """
    return f"SELECT set_config('{_SETTING}', {text}, false)"


def begin_with_first_statement(engine: Engine) -> None:
    """Install all of this on the engine. Call it once, before its first connection."""
    event.listen(engine, "connect", _on_connect, insert=True)  # before its first statement
    event.listen(engine, "checkout", _on_checkout)
    event.listen(engine, "before_cursor_execute", _on_execute, retval=True)
    # The pool also calls this when a connection is returned.
    engine.dialect.do_commit = _do_commit  # type: ignore[method-assign]
    engine.dialect.do_rollback = _do_rollback  # type: ignore[method-assign]


def _on_connect(dbapi_connection: Any, _: Any) -> None:
    dbapi_connection.autocommit = True


def _on_checkout(dbapi_connection: Any, *_: Any) -> None:
    """Raise DisconnectionError if the connection is closed: the pool then opens a new one."""
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
        if options["commits"] == RETURNING_TEXT:
            statement = f"{statement}; SELECT current_setting('{_SETTING}')"
    is_begun = cursor.connection.get_transaction_status() != TRANSACTION_STATUS_IDLE
    if is_begun or options.get("alone") or options.get("isolation_level") == "AUTOCOMMIT":
        return statement, parameters
    if executemany:  # which would start again with each row
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
    """Prepare the statement unless this connection has it already; return its EXECUTE."""
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
    _end_transaction(dbapi_connection, "COMMIT")


def _do_rollback(dbapi_connection: Any) -> None:
    _end_transaction(dbapi_connection, "ROLLBACK")


def _end_transaction(dbapi_connection: Any, how: str) -> None:
    if dbapi_connection.get_transaction_status() == TRANSACTION_STATUS_IDLE:
        return  # no statement was sent, so no transaction was started
    with dbapi_connection.cursor() as cursor:
        cursor.execute(how)
