"""Developers: creating, finding and locking accounts."""

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.domain import field_errors
from app.domain.errors import AlreadyExists, InvalidFields, InvalidToken
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer
from app.services import audit, rights
from app.services.accounts import passwords, sessions
from app.services.clock import now


def create(
    actor: Developer | None,
    *,
    name: str,
    password: str,
    role: SystemRole,
    git_name: str,
    git_email: str,
    email: str | None = None,
    must_change_password: bool = True,
) -> Developer:
    """Create an account, for an admin or, without an actor, for a command. Commits.

    `must_change_password`: someone else than its owner chose or generated the password.
    Raises Forbidden, InvalidFields for a weak password, AlreadyExists for a taken name or email.
    """
    if actor is not None:
        rights.require_admin(actor)
    passwords.check_strength(password)
    developer = Developer(
        name=name,
        password_hash=passwords.hash_password(password),
        role=role,
        git_name=git_name,
        git_email=git_email,
        email=email,
        must_change_password=must_change_password,
        created_at=now(),
    )
    db.session.add(developer)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise AlreadyExists from None
    account = {
        "name": name,
        "role": role,
        "gitName": git_name,
        "gitEmail": git_email,
        "email": email,
    }
    audit.record("developer.created", "developer", developer.id, actor=actor, after=account)
    db.session.commit()
    return developer


def create_admin(name: str, password: str, *, is_generated: bool = False) -> Developer | None:
    """Create an admin. Returns None, without a change, if the name already exists. Commits."""
    if find_by_name(name) is not None:
        return None
    try:
        return create(
            None,
            name=name,
            password=password,
            role=SystemRole.ADMIN,
            git_name=name,
            git_email=f"{name}@localhost",
            must_change_password=is_generated,
        )
    except AlreadyExists:  # another process has just created the same account
        return None


def find_by_name(name: str) -> Developer | None:
    """Return the developer with that name, in any letter case; None if there is none."""
    return db.session.scalar(
        select(Developer).where(func.lower(Developer.name) == func.lower(name))
    )


def lock_developer(developer_id: int) -> Developer | None:
    """Lock and reread the developer's row: the lock for all changes of an account or its tokens."""
    return db.session.get(
        Developer, developer_id, with_for_update={"key_share": True}, populate_existing=True
    )


def lock_current(developer: Developer) -> None:
    """Lock and reread the developer. Raises InvalidToken if their sessions have ended meanwhile."""
    generation = developer.token_generation
    current = lock_developer(developer.id)
    if current is None or not sessions.is_current(current, generation):
        raise InvalidToken


def require_password(developer: Developer, password: str, field: str) -> None:
    """Check the developer's own password, from the request's `field`. Commits before that.

    Raises InvalidFields, not InvalidCredentials: the field is wrong, not the credential. The caller
    must limit guesses (`login_limits`).
    """
    known = developer.password_hash
    db.session.commit()  # no connection is held while the hash is computed
    if not passwords.matches(known, password):
        raise InvalidFields({field: [field_errors.WRONG_PASSWORD]})
