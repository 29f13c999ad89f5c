"""Runs the script that makes a host a machine."""

import subprocess
from pathlib import Path

from app.worker_install.server_trust import ServerTrust

SERVER = "https://muster.example.org"
TOKEN = "mst_enroll_" + "0" * 56
KNOWN = ServerTrust(
    "sha256//AAAA=", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
)


def run(
    text: str, home: Path, *options: str, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """The script as the line runs it: through a pipe, here with a home of its own."""
    paths = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
    return subprocess.run(
        ["sh", "-s", "--", *options],
        input=text,
        env={**paths, **env},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def program(directory: Path, name: str, line: str) -> None:
    """A program of that name that does this alone."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{line}\n")
    (directory / name).chmod(0o755)
