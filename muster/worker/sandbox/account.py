"""The account of an attempt in its sandbox: programs look up their user, and some fail without."""

import contextlib
import os
from pathlib import Path

from muster.worker.sandbox.mounts import HOME
from muster.worker.sandbox.uids import Identity

NAME = "muster"

_PASSWD = """\
root:x:0:0:root:/root:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
{name}:x:{uid}:{gid}:Muster:{home}:/bin/bash
"""
_GROUP = "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n{name}:x:{gid}:\n"


def write_account_files(directory: Path, identity: Identity | None) -> tuple[Path, Path]:
    """Write passwd and group for the attempt into its directory; return their paths. They contain
    no other names. Raises OSError."""
    uid, gid = (identity.uid, identity.uid) if identity else (os.getuid(), os.getgid())
    given = {"name": NAME, "uid": uid, "gid": gid, "home": HOME}
    files = directory / "passwd", directory / "group"
    for file, form in zip(files, (_PASSWD, _GROUP), strict=True):
        text = form.format(**given)
        if not _has_text(file, text):  # otherwise a stage may be reading it just now
            file.write_text(text)
            file.chmod(0o644)
    return files


def _has_text(file: Path, text: str) -> bool:
    with contextlib.suppress(OSError):
        return file.read_text() == text
    return False
