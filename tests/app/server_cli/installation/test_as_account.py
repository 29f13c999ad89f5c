"""Commands as the server's account: with this process's own if no other user is available."""

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.server_cli.backups import passphrase
from app.server_cli.installation import as_account

TELLS = (
    "import os, sys; print(sorted(os.environ), os.getsid(0) == os.getpid()); print(chr(27) + '[2J')"
)


@pytest.fixture(autouse=True)
def as_we_are(monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.run

    def run(argv: list[str], *, user: int = 0, extra_groups: Any = None, **how: Any) -> Any:
        how.pop("group", None)
        return real(argv, **how)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv(passphrase.VARIABLE, "correct horse battery staple")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "root's")
    monkeypatch.setenv("LANG", "C.UTF-8")


def output_as(owner: pwd.struct_passwd | None) -> str:
    argv = [sys.executable, "-I", "-c", TELLS]
    return as_account.run(argv, owner, {"MUSTER_PORT": "9000"}, Path("/")).stdout


def test_another_account_gets_the_settings_and_not_roots_environment() -> None:
    found = output_as(pwd.getpwuid(os.getuid()))
    assert "'MUSTER_PORT'" in found
    assert "'LANG'" in found
    assert "AWS_SECRET_ACCESS_KEY" not in found


def test_our_own_has_our_environment_but_for_a_backups_passphrase() -> None:
    found = output_as(None)
    assert "'AWS_SECRET_ACCESS_KEY'" in found
    assert passphrase.VARIABLE not in found


def test_it_has_no_terminal_of_ours_and_says_nothing_to_one() -> None:
    found = output_as(None)
    assert found.endswith("True\n[2J\n")
