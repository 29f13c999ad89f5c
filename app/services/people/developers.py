"""People and their accounts."""

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.domain.errors import AlreadyExists, InvalidFields, InvalidToken
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer
from app.services import audit, rights
from app.services.clock import now
from app.services.people import passwords, sessions


def create(
    actor: Developer | None,
    *,
    name: str,
    password: str,
    role: SystemRole,
    git_name: str,
    git_email: str,
) -> Developer:
    """A new account, by an admin or by a command (then there is no actor).

    Raises Forbidden, InvalidFields for a weak password, AlreadyExists for a taken name.
    """
    if actor is not None:
        rights.require_admin(actor)
    passwords.check_strength(password)
    developer = Developer(
        name=name,
        password_hash=passwords.hash_of(password),
        role=role,
        git_name=git_name,
        git_email=git_email,
        created_at=now(),
    )
    db.session.add(developer)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise AlreadyExists from None
    account = {"name": name, "role": role, "gitName": git_name, "gitEmail": git_email}
    audit.record("developer.created", "developer", developer.id, actor=actor, after=account)
    db.session.commit()
    return developer


def create_admin(name: str, password: str) -> Developer | None:
    """The first admin; None when the name exists already, whose account is then left as it is."""
    if named(name) is not None:
        return None
    try:
        return create(
            None,
            name=name,
            password=password,
            role=SystemRole.ADMIN,
            git_name=name,
            git_email=f"{name}@localhost",
        )
    except AlreadyExists:  # somebody else has just done the same
        return None


def named(name: str) -> Developer | None:
    """Names are compared without regard to case."""
    return db.session.scalar(
        select(Developer).where(func.lower(Developer.name) == func.lower(name))
    )


def locked(developer_id: int) -> Developer | None:
    """The row as it is now, locked: who changes an account or its tokens holds this."""
    return db.session.get(
        Developer, developer_id, with_for_update={"key_share": True}, populate_existing=True
    )


def hold(developer: Developer) -> None:
    """Lock and reread the developer. Raises InvalidToken when their sessions ended meanwhile."""
    generation = developer.token_generation
    current = locked(developer.id)
    if current is None or not sessions.is_current(current, generation):
        raise InvalidToken


def confirm_password(developer: Developer, password: str, field: str) -> None:
    """Raises InvalidFields. Not 401: it is the field that is wrong, not the credential.

    Whoever asks bounds the guesses (`login_limits`).
    """
    known = developer.password_hash
    db.session.commit()  # no connection is held while the hash is computed
    if not passwords.matches(known, password):
        raise InvalidFields({field: ["is not your password"]})
