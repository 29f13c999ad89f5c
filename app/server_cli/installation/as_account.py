"""Run commands as the server's account for root. The account may have been taken over: the commands
get no terminal and few variables, and their output is sanitized.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.server_cli.backups import passphrase

PASSED_VARIABLES = ("PATH", "LANG", "LC_ALL")


def run(
    argv: Sequence[str],
    owner: pwd.struct_passwd | None,
    environment: Mapping[str, str],
    there: Path,
) -> "subprocess.CompletedProcess[str]":
    """Run a command as the owner, with `environment` as its variables. If `owner` is None, run it
    as the current user with our variables too, without a backup's passphrase. Raises OSError.
    """
    account: dict[str, Any] = {}
    ours = {name: text for name, text in os.environ.items() if name != passphrase.VARIABLE}
    if owner is not None:
        account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        ours = {name: ours[name] for name in PASSED_VARIABLES if name in ours}
    done = subprocess.run(
        argv,
        cwd=there,
        env={**ours, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        start_new_session=True,
        check=False,
        **account,
    )
    return subprocess.CompletedProcess(
        argv, done.returncode, sanitize_output(done.stdout), sanitize_output(done.stderr)
    )


def sanitize_output(text: str) -> str:
    """Remove control characters that a terminal would interpret."""
    return "".join(each for each in text if each.isprintable() or each in "\n\t")
