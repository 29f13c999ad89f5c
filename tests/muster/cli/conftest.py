"""`muster` in this process, against the real server in this process."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.models import Developer
from tests.factories import make_developer
from tests.muster.cli.shell import Shell


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for the command's files, so that the user's own aren't touched."""
    for name in [name for name in os.environ if name.startswith("MUSTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("MUSTER_KEYRING", "off")
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path / "muster"


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(name="ada")


@pytest.fixture
def shell(app: Flask, home: Path) -> Shell:
    """A shell without profiles."""
    return Shell(app)


@pytest.fixture
def shell_of(app: Flask, home: Path) -> Callable[[Developer], Shell]:
    """A signed-in shell."""

    def make_shell(developer: Developer) -> Shell:
        shell = Shell(app)
        shell.sign_in(developer)
        return shell

    return make_shell
