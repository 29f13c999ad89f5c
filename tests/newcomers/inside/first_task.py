"""Starts `muster-server up` like a new user, and runs a task to its end.

Exits with the server's exit code if that exits before it is ready.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

BIN = Path(sys.executable).parent
PASSWORD = "a password that only tests use"
READY = "Ctrl-C stops everything."
SECONDS = 180.0
PROJECT = """\
key: FIRST
repoUrl: {url}
defaultBranch: main
agentType: custom
agentCommand: "true {{prompt}}"
pipeline: [{{name: build, kind: shell, command: "echo two > two.txt", timeout: 60}}]
"""
LIMITS = {"MUSTER_MAX_LOAD_PERCENT": "100", "MUSTER_MAX_DISK_PERCENT": "100"}
GIT = ("git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org")


def main() -> int:
    log = Path("/dev/shm/server.log")  # not part of the cell's output
    with log.open("wb") as output:
        environment = {**os.environ, "MUSTER_ADMIN_PASSWORD": PASSWORD, **LIMITS}
        argv = [BIN / "muster-server", "up"]
        server = subprocess.Popen(argv, env=environment, stdout=output, stderr=output)
    try:
        if (code := await_ready(server, log)) is not None:
            return code
        complete_task(f"http://127.0.0.1:{os.environ.get('MUSTER_PORT', '9000')}")
        server.terminate()
        return server.wait(60)
    finally:
        server.kill()
        sys.stdout.write(log.read_text())


def await_ready(server: "subprocess.Popen[bytes]", log: Path) -> "int | None":
    """None once it is ready; its exit code if it exits before that."""
    deadline = time.monotonic() + SECONDS
    while READY not in log.read_text():
        if server.poll() is not None:
            return server.returncode
        if time.monotonic() > deadline:
            raise TimeoutError("the server isn't ready")
        time.sleep(0.1)
    return None


def complete_task(url: str) -> None:
    repository = Path(".muster/repositories/first.git").absolute()
    make_repository(repository)
    token = sign_in(url)
    variables = {**os.environ, "MUSTER_SERVER": url, "MUSTER_TOKEN": token}
    project = PROJECT.format(url=repository.as_uri())
    for words, text in (
        ("project apply --yes --file -", project),
        ("task create -p FIRST -d Add --wait", ""),
        ("task diff 1", ""),
    ):
        argv = [BIN / "muster", *words.split()]
        subprocess.run(argv, env=variables, input=text, text=True, timeout=SECONDS, check=True)


def make_repository(path: Path) -> None:
    """A bare one with a commit."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], check=True)
    work = path.with_name("work")
    subprocess.run(["git", "init", "-q", "-b", "main", work], check=True)
    (work / "one.txt").write_text("one\n")
    for words in (["add", "one.txt"], ["commit", "-qm", "One"], ["push", "-q", path, "main"]):
        subprocess.run([*GIT, *words], cwd=work, check=True)


def sign_in(url: str) -> str:
    body = json.dumps({"username": "admin", "password": PASSWORD}).encode()
    request = urllib.request.Request(f"{url}/api/auth/login", body)
    request.add_header("Content-Type", "application/json")
    without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with without_proxy.open(request, timeout=30) as response:
        return str(json.load(response)["accessToken"])


if __name__ == "__main__":
    sys.exit(main())
