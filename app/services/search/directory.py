"""Lists of developers."""

from sqlalchemy import Select, select
from sqlalchemy.orm import undefer

from app.models import Developer


def all_developers() -> Select[Developer]:
    """The query of all accounts, with disabled ones."""
    return select(Developer).options(undefer(Developer.totp_enabled))


def active_developers() -> Select[Developer]:
    """The query of all developers who are not disabled."""
    return select(Developer).where(Developer.disabled_at.is_(None))
