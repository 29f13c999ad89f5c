"""The `flask …` commands, for operators on the server. One command per file."""

from flask import Flask

from app.flask_commands.create_admin import create_admin
from app.flask_commands.doctor import doctor
from app.flask_commands.evidence_key import evidence_key
from app.flask_commands.openapi import openapi
from app.flask_commands.password_login import password_login
from app.flask_commands.public_url import public_url
from app.flask_commands.reencrypt import reencrypt
from app.flask_commands.seed import seed
from app.flask_commands.unlock import unlock


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
        seed,
        unlock,
    ):
        app.cli.add_command(command)
