"""Encrypting all stored secrets with the newest key, so that older keys can be removed.

Secrets under the newest key don't change, so an interrupted run can be repeated.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select, true, update

from app.extensions import Model, db
from app.models import Bot, EvidenceKey, IdentityProvider, Login, Project, SecondFactor
from app.services import encryption

BATCH = 100


class EncryptedColumns(NamedTuple):
    """A model with encrypted columns. Each of `columns` is a Fernet token, or maps names to
    tokens.
    """

    kind: type[Model]
    key: Any
    columns: tuple[Any, ...]


# All columns that store the result of `encryption.encrypt`.
ENCRYPTED_COLUMNS = (
    EncryptedColumns(Project, Project.id, (Project.secrets, Project.git_token, Project.ssh_key)),
    EncryptedColumns(SecondFactor, SecondFactor.developer_id, (SecondFactor.secret,)),
    EncryptedColumns(Bot, Bot.id, (Bot.app_secret, Bot.webhook_token, Bot.encrypt_key)),
    EncryptedColumns(IdentityProvider, IdentityProvider.id, (IdentityProvider.client_secret,)),
    EncryptedColumns(Login, Login.id, (Login.provider_session,)),
    EncryptedColumns(EvidenceKey, EvidenceKey.id, (EvidenceKey.private_key,)),
)


class Progress(NamedTuple):
    """How many secrets of a table have been processed so far, changed, and found undecryptable."""

    table: str
    seen: int
    changed: int
    unreadable: int


def reencrypt_all() -> Iterator[Progress]:
    """Encrypt all secrets again, and yield the progress after each batch. Commits each batch."""
    for sealed in ENCRYPTED_COLUMNS:
        yield from _reencrypt_table(sealed)


def tokens_in(value: str | Mapping[str, str] | None) -> list[str]:
    """Return the Fernet tokens in a value of one of the columns in `ENCRYPTED_COLUMNS`."""
    if isinstance(value, Mapping):
        return list(value.values())
    return [value] if value else []


def _reencrypt_table(sealed: EncryptedColumns) -> Iterator[Progress]:
    table = sealed.kind.__tablename__
    progress: Progress = Progress(table, 0, 0, 0)
    last: Any = None
    while True:
        batch = (
            select(sealed.key, *sealed.columns)
            .where(true() if last is None else sealed.key > last)
            .order_by(sealed.key)
            .limit(BATCH)
            .with_for_update(key_share=True)  # tasks may be created meanwhile
        )
        rows = db.session.execute(batch).all()
        for key, *values in rows:
            progress, last = _reencrypt_row(sealed, key, values, progress), key
        db.session.commit()
        yield progress
        if len(rows) < BATCH:
            return


def _reencrypt_row(
    sealed: EncryptedColumns, key: Any, values: list[Any], so_far: Progress
) -> Progress:
    changes: dict[str, Any] = {}
    seen, changed, unreadable = so_far[1:]
    for column, value in zip(sealed.columns, values, strict=True):
        renewed = {token: _reencrypt(token) for token in tokens_in(value)}
        seen += len(renewed)
        unreadable += sum(new is None for new in renewed.values())
        different = {old: new for old, new in renewed.items() if new not in (None, old)}
        if different:
            changes[column.key] = _replace_tokens(value, different)
            changed += len(different)
    if changes:
        of_row = update(sealed.kind).where(sealed.key == key).values(**changes)
        db.session.execute(of_row, execution_options={"synchronize_session": False})
    return Progress(so_far.table, seen, changed, unreadable)


def _reencrypt(token: str) -> str | None:
    """Return a token of the same secret under the newest key; None if no key decrypts it."""
    try:
        return token if encryption.is_newest(token) else encryption.rotate(token)
    except encryption.KeyMissing:
        return None


def _replace_tokens(value: str | Mapping[str, str], new: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: new.get(token, token) for name, token in value.items()}
    return new.get(value, value)
