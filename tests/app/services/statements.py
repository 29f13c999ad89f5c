"""Counting and explaining the statements that a use case sends to Postgres."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


class Statements(list[str]):
    """The statements that were sent, in order, without BEGIN and COMMIT. Prints one a line."""

    def __repr__(self) -> str:
        return "".join(f"\n{n:3} {line}" for n, line in enumerate(self, 1))


@contextmanager
def counted(*, settings: bool = False) -> Iterator[Statements]:
    """A context that collects the statements of all engines.

    The query of the settings is left out unless `settings` is set: a process makes it once a
    second, whatever the use case.
    """
    sent = Statements()

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if settings or not statement.endswith("FROM settings"):
            sent.append(" ".join(statement.split())[:150])

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


@contextmanager
def explained() -> Iterator[list[dict[str, Any]]]:
    """A context that collects how Postgres carried out each read: the roots of the plans."""
    plans: list[dict[str, Any]] = []

    def note(connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, *_: Any):  # type: ignore[no-untyped-def]
        if statement.lstrip().startswith(("SELECT", "WITH")):
            query = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
            found = connection.exec_driver_sql(query, parameters).scalar_one()
            plans.append(found[0]["Plan"])

    sa.event.listen(sa.Engine, "after_cursor_execute", note)
    try:
        yield plans
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", note)
