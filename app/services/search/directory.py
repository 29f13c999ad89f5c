"""Lists of developers."""

from sqlalchemy import Select, select
from sqlalchemy.orm import undefer

from app.models import Developer


def all_developers() -> Select[Developer]:
    """Return the query of all accounts, including disabled ones."""
    return select(Developer).options(undefer(Developer.totp_enabled))


def active_developers() -> Select[Developer]:
    """Return the query of all developers who aren't disabled."""
    return select(Developer).where(Developer.disabled_at.is_(None))
