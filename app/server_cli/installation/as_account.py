"""What root has the server's account do, which may have been taken over: it shares no terminal with
root, is told little, and what it says is plain text.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.server_cli.backups import passphrase

KEPT = ("PATH", "LANG", "LC_ALL")


def run(
    argv: Sequence[str], owner: pwd.struct_passwd | None, told: Mapping[str, str], there: Path
) -> "subprocess.CompletedProcess[str]":
    """Run it as the owner, with `told` as its environment; where that is None as who we are, with
    ours too, without a backup's passphrase. Raises OSError.
    """
    account: dict[str, Any] = {}
    ours = {name: text for name, text in os.environ.items() if name != passphrase.VARIABLE}
    if owner is not None:
        account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        ours = {name: ours[name] for name in KEPT if name in ours}
    done = subprocess.run(
        argv,
        cwd=there,
        env={**ours, **told},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        start_new_session=True,
        check=False,
        **account,
    )
    return subprocess.CompletedProcess(
        argv, done.returncode, plain(done.stdout), plain(done.stderr)
    )


def plain(text: str) -> str:
    """Without what a terminal would take for more than text."""
    return "".join(each for each in text if each.isprintable() or each in "\n\t")
