"""Fetch the keys of an SSH host that isn't known yet, for a person to compare and accept.

Nothing here trusts them: git only connects to hosts in the project's or the system's known hosts.
"""

import os
import subprocess

from muster.worker.git import ssh

TIMEOUT_SECONDS = 4
MAX_KEYS = 10
_TYPES = "ed25519,ecdsa,rsa"


def fetch_host_keys(url: str) -> list[str]:
    """Return the `known_hosts` lines of the URL's host; none if it doesn't answer in time, or this
    machine has no ssh-keyscan.
    """
    host, port = ssh.parse_host(url), ssh.parse_port(url)
    if host is None:
        return []
    command = ["ssh-keyscan", "-T", str(TIMEOUT_SECONDS - 1), "-t", _TYPES]
    command += ["-p", port, host] if port else [host]
    try:
        scan = subprocess.run(
            command,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = scan.stdout.decode("ascii", "replace").splitlines()
    return [line for line in lines if line and not line.startswith("#")][:MAX_KEYS]
