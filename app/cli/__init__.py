"""The `flask …` commands, for operators at the server. One command a file."""

from flask import Flask

from app.cli.create_admin import create_admin
from app.cli.doctor import doctor
from app.cli.evidence_key import evidence_key
from app.cli.openapi import openapi
from app.cli.password_login import password_login
from app.cli.public_url import public_url
from app.cli.reencrypt import reencrypt
from app.cli.seed import seed
from app.cli.unlock import unlock


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
