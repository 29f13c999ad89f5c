"""The `flask …` commands, for operators on the server. One command per file."""

from importlib import import_module
from pathlib import Path

from flask import Flask

from app.flask_commands.create_admin import create_admin
from app.flask_commands.doctor import doctor
from app.flask_commands.evidence_key import evidence_key
from app.flask_commands.openapi import openapi
from app.flask_commands.password_login import password_login
from app.flask_commands.public_url import public_url
from app.flask_commands.reencrypt import reencrypt
from app.flask_commands.unlock import unlock

SAMPLE_DATA = Path(__file__).resolve().parents[2] / "sample_data"
"""The package that provides `flask seed`, present only in a checkout."""


def install(app: Flask) -> None:
    """Add the commands to the app."""
    for command in (
        create_admin,
        doctor,
        evidence_key,
        openapi,
        password_login,
        public_url,
        reencrypt,
        unlock,
    ):
        app.cli.add_command(command)
    if SAMPLE_DATA.is_dir():
        app.cli.add_command(import_module("sample_data.command").seed)
