"""`muster-server backup` and `restore`: their output, prompts, and the keys' files."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.server_cli import main
from app.server_cli.backups import encryption, operations

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def run(
    environment: dict[str, str], new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    monkeypatch.setattr(encryption.EncryptedWriter.__init__, "__defaults__", ((4, 1, 1),))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_URL", new_database("muster_commands"))
    monkeypatch.setenv("MUSTER_BACKUP_PASSPHRASE", PASSPHRASE)
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def test_a_backup_is_made_looked_at_and_restored(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, keys = tmp_path / "backup", tmp_path / "keys.env"
    made = run("backup", file)
    assert (made.exit_code, "is complete" in made.output) == (0, True), made.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("backup", "--verify", file).exit_code == 0
    assert "already exists" in run("backup", file).output
    monkeypatch.setenv("SECRET_KEY", "another one, that is of another server")
    refused = run("restore", file)
    assert (refused.exit_code, "SECRET_KEY" in refused.output) == (1, True)
    done = run("restore", file, "--keys-to", keys)
    assert (done.exit_code, "Next steps" in done.output) == (0, True), done.output
    assert "ENCRYPTION_KEYS=" in keys.read_text()
    assert keys.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_whole_is_refused(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup"
    run("backup", file)
    cut = tmp_path / "cut"
    cut.write_bytes(file.read_bytes()[:-1])
    for words in (("backup", "--verify", cut), ("restore", cut)):
        refused = run(*words)
        assert (refused.exit_code, "truncated or changed" in refused.output) == (1, True)
    monkeypatch.setenv("MUSTER_BACKUP_PASSPHRASE", "another one, that is as long")
    assert "passphrase" in run("restore", file).output


def set_revision(revision: str) -> None:
    with (
        operations.connect(os.environ["DATABASE_URL"]) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE alembic_version SET version_num = %s", [revision])
        connection.commit()


@pytest.mark.parametrize(
    ("revision", "needed"),
    [
        ("9001", "need a release with schema 9001 or newer"),
        ("0042", "need an earlier release, from before the initial schema 0055"),
    ],
)
def test_of_another_releases_database_it_says_which_release_restores_it(
    run: Callable[..., Result], tmp_path: Path, revision: str, needed: str
) -> None:
    set_revision(revision)
    made = run("backup", file := tmp_path / "backup")
    assert (made.exit_code, f"To restore it, you {needed}" in made.output) == (0, True), made.output
    refused = run("restore", file, "--keys-to", tmp_path / "keys.env")
    assert (refused.exit_code, needed in refused.output) == (1, True), refused.output


@pytest.mark.parametrize(
    ("revision", "why"),
    [("9001", "doesn't know (it knows 0055"), ("0042", "but this release starts at 0055")],
)
def test_another_releases_database_is_not_restored_into(
    run: Callable[..., Result], tmp_path: Path, revision: str, why: str
) -> None:
    run("backup", file := tmp_path / "backup")
    set_revision(revision)
    refused = run("restore", file, "--replace", "--keys-to", tmp_path / "keys.env")
    assert refused.exit_code == 1
    assert f"the database is at {revision}, " in refused.output
    assert why in refused.output
    assert "restore into a new one" in refused.output


def test_a_new_passphrase_is_long_and_never_an_argument(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_BACKUP_PASSPHRASE", "short")
    assert "12 characters" in run("backup", tmp_path / "backup").output
    monkeypatch.delenv("MUSTER_BACKUP_PASSPHRASE")
    assert "no passphrase" in run("backup", tmp_path / "backup").output
    phrase = tmp_path / "passphrase"
    phrase.write_text(f"{PASSPHRASE}\n")
    assert run("backup", tmp_path / "backup", "--passphrase-file", phrase).exit_code == 0
