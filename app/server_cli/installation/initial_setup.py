"""Set up an installed server before it serves: its first admin and its address."""

import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Mapping

from app.embedded.stack import ROOT
from app.server_cli.installation import as_account
from app.server_cli.installation.answers import Answers
from app.server_cli.local import admin
from app.server_cli.local.admin import PASSWORD_VARIABLE
from app.server_cli.local.errors import OperateError

LAST_PUBLIC_URL = "MUSTER_LAST_PUBLIC_URL"
"""The setting that stores the last address from install."""


class InitialSetup:
    """Runs the server's own commands with its settings, as `owner` if that is another account.
    `say` prints a line.
    """

    def __init__(
        self,
        given: Answers,
        settings: Mapping[str, str],
        owner: pwd.struct_passwd | None,
        say: Callable[[str], None],
    ) -> None:
        self._answers = given
        self._settings = settings
        self._owner = owner
        self._print = say

    def create_admin(self) -> None:
        """Create the admin; an existing one doesn't change. Raises OperateError."""
        chosen = os.environ.get(PASSWORD_VARIABLE)
        password = chosen or admin.new_password()
        command = admin.create_command(self._answers.admin, is_generated=not chosen)
        done = self._run(command, {PASSWORD_VARIABLE: password})
        if done.returncode != 0:
            raise OperateError(f"can't create the admin: {done.stderr.strip()}")
        is_told = admin.is_created(done.stdout) and not chosen
        shown = f", password {password} (shown only once)" if is_told else ""
        self._print(f"admin      {self._answers.admin}{shown}")

    def set_public_url(self) -> bool:
        """Set publicUrl in the admin's name; returns False if that isn't possible. An answer equal
        to the last one (LAST_PUBLIC_URL) doesn't replace a value that the console set since.
        """
        url, name = self._answers.url, self._answers.admin
        flask = (sys.executable, "-m", "flask", "--app", "wsgi")
        keeps = ("--unless-set",) if self._settings.get(LAST_PUBLIC_URL) == url else ()
        done = self._run((*flask, "public-url", *keeps, "--name", name, url), {})
        if done.returncode == 0:
            self._print_address(done.stdout.split()[-1])
            return True
        self._print(f"!! publicUrl is not set: {done.stderr.strip()}")
        self._print(f"   Set it to {url} in the console's settings: links and machines use it.")
        return False

    def _print_address(self, now: str) -> None:
        """`now` is the last word of the command's output."""
        self._print(f"publicUrl  {now}")
        if now != self._answers.url:
            self._print(f"   Not changed: it was edited after install set {self._answers.url}.")

    def _run(
        self, argv: tuple[str, ...], more: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        return as_account.run(argv, self._owner, {**self._settings, **more}, ROOT)
