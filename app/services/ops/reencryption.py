"""All stored secrets under the newest key, so that an older one can be dropped.

What is under the newest key already is left alone: a run that was cut off is run again.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select, update

from app.extensions import Model, db
from app.models import Bot, Project, SecondFactor
from app.services import vault

BATCH = 100


class Sealed(NamedTuple):
    """Rows that hold secrets. `columns` (of the model) are a token each, or map names to tokens."""

    kind: type[Model]
    key: Any
    columns: tuple[Any, ...]


# Every place where something of `vault.encrypt` is stored.
SEALED = (
    Sealed(Project, Project.id, (Project.secrets, Project.git_token)),
    Sealed(SecondFactor, SecondFactor.developer_id, (SecondFactor.secret,)),
    Sealed(Bot, Bot.id, (Bot.app_secret, Bot.webhook_token, Bot.encrypt_key)),
)


class Progress(NamedTuple):
    """How many secrets of a table were seen so far, and of these changed and not readable."""

    table: str
    seen: int
    changed: int
    unreadable: int


def run() -> Iterator[Progress]:
    """After each batch, how far its table is. Commits each batch."""
    for sealed in SEALED:
        yield from _table(sealed)


def tokens_in(value: str | Mapping[str, str] | None) -> list[str]:
    """The tokens that a column of these holds."""
    if isinstance(value, Mapping):
        return list(value.values())
    return [value] if value else []


def _table(sealed: Sealed) -> Iterator[Progress]:
    table = sealed.kind.__tablename__
    progress, last = Progress(table, 0, 0, 0), 0
    while True:
        batch = (
            select(sealed.key, *sealed.columns)
            .where(sealed.key > last)
            .order_by(sealed.key)
            .limit(BATCH)
            .with_for_update(key_share=True)  # tasks may be made meanwhile
        )
        rows = db.session.execute(batch).all()
        for key, *values in rows:
            progress, last = _row(sealed, key, values, progress), key
        db.session.commit()
        yield progress
        if len(rows) < BATCH:
            return


def _row(sealed: Sealed, key: int, values: list[Any], so_far: Progress) -> Progress:
    changes: dict[str, Any] = {}
    seen, changed, unreadable = so_far[1:]
    for column, value in zip(sealed.columns, values, strict=True):
        renewed = {token: _renewed(token) for token in tokens_in(value)}
        seen += len(renewed)
        unreadable += sum(new is None for new in renewed.values())
        different = {old: new for old, new in renewed.items() if new not in (None, old)}
        if different:
            changes[column.key] = _replaced(value, different)
            changed += len(different)
    if changes:
        of_row = update(sealed.kind).where(sealed.key == key).values(**changes)
        db.session.execute(of_row, execution_options={"synchronize_session": False})
    return Progress(so_far.table, seen, changed, unreadable)


def _renewed(token: str) -> str | None:
    """The token under the newest key; None where no key opens it."""
    try:
        return token if vault.is_newest(token) else vault.rotate(token)
    except vault.KeyMissing:
        return None


def _replaced(value: str | Mapping[str, str], new: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: new.get(token, token) for name, token in value.items()}
    return new.get(value, value)
