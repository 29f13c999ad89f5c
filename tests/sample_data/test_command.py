"""`flask seed` is a command of a checkout."""

from pathlib import Path

import pytest
from flask import Flask

from app import flask_commands
from packages import build


def test_the_server_s_package_has_no_sample_data_and_no_such_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = (build.ROOT / "packages" / "server" / "pyproject.toml").read_text()
    assert "sample_data" not in settings
    monkeypatch.setattr(flask_commands, "SAMPLE_DATA", tmp_path / "sample_data")
    app = Flask(__name__)
    flask_commands.install(app)
    assert "create-admin" in app.cli.commands
    assert "seed" not in app.cli.commands


def test_a_checkout_has_it() -> None:
    app = Flask(__name__)
    flask_commands.install(app)
    assert "seed" in app.cli.commands
