"""Checks of PostgreSQL, and of the data in it."""

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.domain import schema_revisions
from app.domain.roles import SystemRole
from app.models import Developer
from app.services import clock, encryption
from app.services.doctor.finding import Check, Finding, run_checks, skip_checks
from app.services.ops import reencryption

TIMEOUT_SECONDS = 3
MIN_VERSION = 15
SKEW_SECONDS = 2
SAMPLE = 20  # rows of each kind
RIGHTS = ("SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS")
# Members of these roles can read and write files of PostgreSQL's host, run programs there, change
# others' rows, or (as providers name them) manage all other roles.
POWERFUL = (
    *("pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"),
    *("pg_write_all_data", "rds_superuser", "cloudsqlsuperuser", "azure_pg_admin"),
)
LESS = (
    "give Muster a role without them (docs/operating.md, The database's roles); the embedded "
    "PostgreSQL revokes them when it restarts"
)
UPGRADE = "run `flask --app wsgi db upgrade`"


def findings() -> Iterator[Finding]:
    engine = sa.create_engine(
        current_app.config["SQLALCHEMY_DATABASE_URI"],
        poolclass=sa.NullPool,
        isolation_level="AUTOCOMMIT",  # so that a failed check doesn't make the next ones fail
        hide_parameters=True,
        connect_args={
            "connect_timeout": TIMEOUT_SECONDS,
            "tcp_user_timeout": TIMEOUT_SECONDS * 1000,
        },
    )
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(f"SET statement_timeout = {TIMEOUT_SECONDS * 1000}"))
            yield _version(connection)
            yield from run_checks(CHECKS, connection)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
        yield Finding("PostgreSQL", reason, "start it, or correct DATABASE_URL")
        yield from skip_checks(CHECKS, "PostgreSQL")


def _version(connection: Connection) -> Finding:
    version = connection.scalar(sa.text("SHOW server_version_num"))
    major = int(version or 0) // 10_000
    old = major < MIN_VERSION
    return Finding(
        "PostgreSQL", f"version {major}", f"use version {MIN_VERSION} or newer" if old else ""
    )


def _role(connection: Connection) -> Finding:
    """Check the role's rights beyond its own database: an attacker who takes over the app gets
    them.
    """
    query = """
        SELECT rolname, array[rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls],
               rolname = current_user, rolname = ANY(:powerful)
        FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER') ORDER BY rolname
    """
    found = connection.execute(sa.text(query), {"powerful": list(POWERFUL)}).all()
    [(name, own)] = [(role, _right_names(rights)) for role, rights, is_own, _ in found if is_own]
    powers = [
        role for role, rights, is_own, is_one in found if not is_own and (is_one or any(rights))
    ]
    if "SUPERUSER" in own:
        own, powers = ["SUPERUSER"], []  # which has all rights, and is a member of all
    if not own and not powers:
        return Finding("database role", f"{name}, with rights only to its own objects")
    text = f"{name} has rights that Muster doesn't need: {', '.join([*own, *powers])}"
    return Finding("database role", text, LESS)


def _right_names(rights: list[bool]) -> list[str]:
    return [right for right, has in zip(RIGHTS, rights, strict=True) if has]


def _trigrams(connection: Connection) -> Finding:
    query = sa.text("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')")
    if connection.scalar(query):
        return Finding("pg_trgm", "available")
    return Finding("pg_trgm", "not available", "install PostgreSQL's contrib package")


def _migrations(connection: Connection) -> Finding:
    scripts = ScriptDirectory(str(Path(current_app.root_path).parent / "migrations"))
    known = [script.revision for script in scripts.walk_revisions()][::-1]
    done = _revision(connection)
    if refusal := schema_revisions.find_refusal(done, known):
        if done in current_app.config["SCHEMA_AHEAD"]:
            return Finding("migrations", f"at {done}, of a later release that was rolled back")
        return Finding("migrations", *refusal)
    missing = known if done is None else known[known.index(done) + 1 :]
    if missing:
        return Finding("migrations", f"missing: {', '.join(missing)}", UPGRADE)
    return Finding("migrations", f"at {done}")


def _revision(connection: Connection) -> str | None:
    table = connection.scalar(sa.text("SELECT to_regclass('alembic_version')"))
    return connection.scalar(sa.text("SELECT version_num FROM alembic_version")) if table else None


def _admin(connection: Connection) -> Finding:
    active = (Developer.role == SystemRole.ADMIN, Developer.disabled_at.is_(None))
    if connection.scalar(sa.select(sa.exists().where(*active))):
        return Finding("admin", "found")
    return Finding("admin", "none found", "run `flask --app wsgi create-admin`")


def _stored_secrets(connection: Connection) -> Finding:
    sample = list(_sample(connection))
    locked = sum(not _can_decrypt(secret) for secret in sample)
    if locked:
        text = f"{locked} of {len(sample)} sampled can't be decrypted"
        advice = "add the key that encrypted them to ENCRYPTION_KEYS again"
        return Finding("stored secrets", text, advice)
    return Finding("stored secrets", f"all of {len(sample)} sampled can be decrypted")


def _sample(connection: Connection) -> Iterator[str]:
    for sealed in reencryption.ENCRYPTED_COLUMNS:
        newest = sa.select(*sealed.columns).order_by(sealed.key.desc()).limit(SAMPLE)
        for values in connection.execute(newest):
            for value in values:
                yield from reencryption.tokens_in(value)


def _can_decrypt(secret: str) -> bool:
    try:
        encryption.decrypt(secret)
    except encryption.KeyMissing:
        return False
    return True


def _clock(connection: Connection) -> Finding:
    before = clock.now()
    theirs = connection.scalar(sa.text("SELECT clock_timestamp()"))
    after = clock.now()
    assert theirs is not None
    # Postgres's clock was read between our two readings, so the round trip doesn't count as skew.
    skew = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    text = f"{skew:.1f} s from PostgreSQL's"
    return Finding(
        "clock", text, "" if skew <= SKEW_SECONDS else "synchronize both clocks with NTP"
    )


def _size(connection: Connection) -> Finding:
    query = """
        SELECT pg_database_size(current_database()), pg_total_relation_size('log_chunks'),
               pg_total_relation_size('transcript_chunks'), pg_total_relation_size('task_images')
    """
    whole, logs, transcripts, images = (
        size / 2**30 for size in connection.execute(sa.text(query)).one()
    )
    parts = f"{logs:.1f} of it logs, {transcripts:.1f} transcripts, {images:.1f} images"
    return Finding("database size", f"{whole:.1f} GiB, {parts}")


CHECKS: tuple[tuple[str, Check[Connection]], ...] = (
    ("database role", _role),
    ("pg_trgm", _trigrams),
    ("migrations", _migrations),
    ("admin", _admin),
    ("stored secrets", _stored_secrets),
    ("clock", _clock),
    ("database size", _size),
)
