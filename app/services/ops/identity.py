"""This server's unique ID, for as long as its database lives."""

import secrets

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.extensions import db
from app.models import ServerIdentity

CACHE_KEY = "muster_server_id"  # in app.extensions
ID_BYTES = 8


def server_id() -> str:
    """Return the server's ID, created on first use; commits then."""
    if CACHE_KEY not in current_app.extensions:
        new = insert(ServerIdentity).values(is_only=True, id=secrets.token_hex(ID_BYTES))
        db.session.execute(new.on_conflict_do_nothing())
        current_app.extensions[CACHE_KEY] = db.session.scalars(select(ServerIdentity.id)).one()
        db.session.commit()
    known: str = current_app.extensions[CACHE_KEY]
    return known
