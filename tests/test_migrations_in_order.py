"""A release works on the database that the next one has migrated: it does while it is upgraded, and
where one goes back (decision 73).
"""

import ast
from collections.abc import Callable
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask

from app.extensions import db
from tests.conftest import MIGRATIONS, make_app

ADDING = {"create_table", "create_index", "add_column"}
WHY = "FITS_BEFORE"  # names the reason in a migration that does more than add


def reasons(text: str) -> list[str]:
    """What in a migration's `upgrade` the release before may not work on."""
    tree = ast.parse(text)
    if any(
        isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == WHY for node in tree.body
    ):
        return []
    [upgrade] = (
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    calls = [node for node in ast.walk(upgrade) if isinstance(node, ast.Call)]
    others = [name for call in calls if (name := _of_op(call)) and name not in ADDING]
    return others + [f"a column {name}" for call in calls for name in _must_be_given(call)]


def _of_op(call: ast.Call) -> str | None:
    text = ast.unparse(call.func)
    return text.removeprefix("op.") if text.startswith("op.") else None


def _must_be_given(call: ast.Call) -> list[str]:
    """The names of added columns that an insert of before does not give."""
    if _of_op(call) != "add_column":
        return []
    columns = [part for part in call.args if isinstance(part, ast.Call)]
    named = [
        (each, {word.arg: ast.unparse(word.value) for word in each.keywords}) for each in columns
    ]
    return [
        ast.unparse(each.args[0])
        for each, words in named
        if words.get("nullable") == "False" and "server_default" not in words
    ]


def test_what_is_migrated_fits_the_release_before() -> None:
    """Or says in FITS_BEFORE why it does."""
    *later, _ = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    found = {each.revision: reasons(Path(each.path).read_text()) for each in later}
    assert {revision: what for revision, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("op.add_column('t', sa.Column('c', sa.Text()))", []),
        ("op.add_column('t', sa.Column('c', sa.Text(), server_default='', nullable=False))", []),
        ("op.add_column('t', sa.Column('c', sa.Text(), nullable=False))", ["a column 'c'"]),
        ("op.create_table('t', sa.Column('c', sa.Text(), nullable=False))", []),
        ("op.drop_column('t', 'c')", ["drop_column"]),
        ("op.execute('UPDATE t SET c = 1')", ["execute"]),
    ],
)
def test_what_adds_fits_and_what_else_is_done_has_a_reason(body: str, found: list[str]) -> None:
    text = f"def upgrade():\n    {body}\n"
    assert reasons(text) == found
    assert reasons(f"{WHY} = 'nobody reads it'\n{text}") == []


@pytest.fixture
def at_revision(
    environment: dict[str, str], new_database: Callable[..., str]
) -> Callable[..., Flask]:
    """An app on a database that another release has brought to a revision, with this setting."""
    url = new_database("of_another_release", migrated=True)

    def made(revision: str, setting: str) -> Flask:
        app = make_app({**environment, "DATABASE_URL": url, "MUSTER_SCHEMA_AHEAD": setting})
        with app.app_context(), db.engine.begin() as connection:
            set_revision = sa.text("UPDATE alembic_version SET version_num = :revision")
            connection.execute(set_revision, {"revision": revision})
        return app

    return made


def test_a_database_that_one_went_back_from_is_left_as_it_is(
    at_revision: Callable[..., Flask],
) -> None:
    with at_revision("9001", "0055,9001").app_context():
        flask_migrate.upgrade(str(MIGRATIONS))
        with db.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9001"
        db.engine.dispose()


@pytest.mark.parametrize(
    ("revision", "setting", "why"),
    [
        *(("9001", each, "doesn't know (it knows 0055") for each in ("", "9002", "0055,90")),
        ("0042", "", "this release starts at 0055"),
    ],
)
def test_any_other_that_is_not_known_is_refused_with_an_explanation(
    revision: str,
    setting: str,
    why: str,
    at_revision: Callable[..., Flask],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with at_revision(revision, setting).app_context():
        with pytest.raises(SystemExit):
            flask_migrate.upgrade(str(MIGRATIONS))
        db.engine.dispose()
    assert f"The database is at {revision}, " in caplog.text
    assert why in caplog.text
