"""What an installed server is told before it serves: its first admin, and its address."""

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
"""Among the settings: the address that install has set last."""


class InitialSetup:
    """They are commands of the server's own, which run with its settings, as its `owner`, where
    that is another than we are. `say` shows a line.
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
        """One that is there stays as it is. Raises OperateError."""
        chosen = os.environ.get(PASSWORD_VARIABLE)
        password = chosen or admin.new_password()
        done = self._run(admin.create_command(self._answers.admin), {PASSWORD_VARIABLE: password})
        if done.returncode != 0:
            raise OperateError(f"the admin could not be made: {done.stderr.strip()}")
        is_told = admin.is_created(done.stdout) and not chosen
        shown = f", password {password} (shown only now)" if is_told else ""
        self._print(f"admin      {self._answers.admin}{shown}")

    def set_public_url(self) -> bool:
        """The setting publicUrl, in the admin's name; where that cannot be (False), somebody has
        to. An answer that was `TOLD` before is no news, and the console's may be newer: that one
        stays.
        """
        url, name = self._answers.url, self._answers.admin
        flask = (sys.executable, "-m", "flask", "--app", "wsgi")
        keeps = ("--unless-set",) if self._settings.get(LAST_PUBLIC_URL) == url else ()
        done = self._run((*flask, "public-url", *keeps, "--name", name, url), {})
        if done.returncode == 0:
            self._print_address(done.stdout.split()[-1])
            return True
        self._print(f"!! publicUrl is not set: {done.stderr.strip()}")
        self._print(f"   Set it to {url} in the console's settings: links and machines go by it.")
        return False

    def _print_address(self, now: str) -> None:
        """`now` is the last word of what the command says."""
        self._print(f"publicUrl  {now}")
        if now != self._answers.url:
            self._print(f"   It stays so, as it was set since install set {self._answers.url}.")

    def _run(
        self, argv: tuple[str, ...], more: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        return as_account.run(argv, self._owner, {**self._settings, **more}, ROOT)
