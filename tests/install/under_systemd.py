"""Shared code of tests in which a real systemd runs a server and a machine."""

from tests.install.roots import Root
from tests.install.supplies import Work

ANSWERS = """
url = "https://localhost:{port}"
port = {port}
tls = "own"
certificate = "/mnt/chain.pem"
key = "/mnt/key.pem"
"""
# A stage that waits for a file.
LONG = "echo begun; until test -e go; do sleep 1; done; echo > three.txt"
# What systemd leaves of any service.
NOTES = ("/var/log/journal/", "/var/lib/systemd/", "/var/tmp/systemd-private-")


def has_begun(work: Work, task: str) -> bool:
    return "begun" in work.root.run(work.muster, "task", "logs", task, user=work.user).stdout


def shims(root: Root) -> set[int]:
    found = {pid for pid, line in root.processes().items() if "muster.worker.shim.shim" in line}
    assert found
    return found
