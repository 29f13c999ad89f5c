"""Small real repositories, machines to work on them, and agents that misbehave."""

import base64
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author
from muster.worker.git.preparation import WorkspaceRequest, prepare_workspace
from muster.worker.git.workspace import Workspace, commit_variables
from muster.worker.layout import Layout
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.sandbox.uids import Identity, UidAllocator
from tests.muster.worker import uids
from tests.muster.worker.host_sandboxes import find_sandboxes
from tests.wait import Problem, wait_until

AUTHOR = Author("Ada Dev", "ada@dev.example")
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@dataclass(frozen=True)
class Repository:
    """A bare repository, as in a project's URL."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> "Repository":
        repository = cls(path)
        path.mkdir()
        repository.git("init", "--quiet", "--bare", "--initial-branch=main", "--template=")
        return repository

    @property
    def url(self) -> str:
        return str(self.path)

    def git(self, *args: str, given: str = "") -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=self.path,
            env=ENVIRONMENT,
            input=given,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, files: dict[str, str], branch: str = "main") -> str:
        """Adds a commit with these files on top of the branch; returns its id."""
        ref = f"refs/heads/{branch}"
        stream = f"commit {ref}\ncommitter Seed <seed@dev.example> 1700000000 +0000\ndata 4\nseed\n"
        if ref in self.refs():
            stream += f"from {ref}^0\n"
        for name, text in files.items():
            stream += f"M 100644 inline {name}\ndata {len(text.encode())}\n{text}\n"
        self.git("fast-import", "--quiet", given=stream)
        return self.refs()[ref]

    def refs(self) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split() for line in lines)

    def block_pushes(self, prefix: str) -> "BlockedPushes":
        """From now on, pushes to a ref of this prefix wait until released."""
        held = BlockedPushes(self.path / "came", self.path / "go")
        wait = f"echo $ref >> {held.came}; until [ -e {held.go} ]; do sleep 0.02; done"
        self.hook(
            "pre-receive", f"while read old new ref; do case $ref in {prefix}*) {wait};; esac; done"
        )
        return held

    def hook(self, name: str, script: str) -> None:
        (self.path / "hooks").mkdir(exist_ok=True)
        hook = self.path / "hooks" / name
        hook.write_text(f"#!/bin/sh\n{script}\n")
        hook.chmod(0o755)


@dataclass(frozen=True)
class BlockedPushes:
    """Pushes that have reached the remote and wait there."""

    came: Path
    go: Path

    def wait_for(self, number: int, problem: Problem = lambda: None) -> None:
        """Until so many have come."""

        def poll() -> bool:
            return self.came.exists() and len(self.came.read_text().splitlines()) >= number

        wait_until(poll, f"push {number}", 20.0, problem=problem)

    def release(self) -> None:
        self.go.touch()


@dataclass
class Machine:
    """A worker's home, and its workspaces' notes."""

    layout: Layout
    one_user: bool = False
    notes: list[tuple[str, str]] = field(default_factory=list)
    made: list[Workspace] = field(default_factory=list)

    def note(self, level: str, text: str) -> None:
        self.notes.append((level, text))

    def uids(self, key: AttemptKey) -> Identity | None:
        return None if self.one_user else self.identities.claim(key)

    @cached_property
    def sandboxes(self) -> Sandboxes:
        checker = None if self.one_user else self.identities.claim_named("work")
        return replace(find_sandboxes(self.layout), checker=checker)

    @property
    def identities(self) -> UidAllocator:
        return UidAllocator(self.layout.identities, uids.OWN)

    def request(
        self, repository: Repository | str, task_id: int = 7, attempt: int = 1, **more: object
    ) -> WorkspaceRequest:
        url = repository.url if isinstance(repository, Repository) else repository
        key = AttemptKey(task_id, attempt)
        identity = self.uids(key)
        settings = {"base": "main", "author": AUTHOR, "identity": identity, **more}
        return WorkspaceRequest(self.sandboxes, key, url, **settings)  # type: ignore[arg-type]

    def prepare(
        self, repository: Repository | str, task_id: int = 7, attempt: int = 1, **more: object
    ) -> Workspace:
        request = self.request(repository, task_id, attempt, **more)
        workspace = prepare_workspace(request, self.note, threading.Event())
        self.made.append(workspace)
        return workspace


def act(workspace: Workspace, script: str) -> str:
    """Act like an agent in the workspace, with the attempt's rights."""
    uid = workspace.identity.uid if workspace.identity else None
    done = subprocess.run(
        ["bash", "-ec", script],
        cwd=workspace.path,
        env={"PATH": os.environ["PATH"], "HOME": str(workspace.home), **commit_variables(AUTHOR)},
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def wait_for(
    condition: Callable[[], object], limit: float = 20.0, problem: Problem = lambda: None
) -> None:
    wait_until(condition, seconds=limit, problem=problem)


def wait_until_gone(pid: int, limit: float = 5.0) -> None:
    """A killed process is gone when it is no more, or waits for its parent to collect it."""

    def is_gone() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    wait_for(is_gone, limit)


@pytest.fixture
def root() -> Iterator[Path]:
    """A directory that other uids can walk through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="muster-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def repository(root: Path) -> Repository:
    made = Repository.create(root / "remote.git")
    made.commit({"README": "hello\n", "src/app.py": "print('hello')\n"})
    return made


@pytest.fixture
def machine(root: Path) -> Iterator[Machine]:
    """A daemon's home as the user who runs the tests: with a uid per attempt for root."""
    yield from _machine(root, one_user=False)


@pytest.fixture(params=[False, True], ids=["uid-per-attempt", "one-user"])
def any_machine(root: Path, request: pytest.FixtureRequest) -> Iterator[Machine]:
    yield from _machine(root, one_user=request.param)


def _machine(root: Path, *, one_user: bool) -> Iterator[Machine]:
    layout = Layout(root / "home", file_roots=(root,))
    layout.make()
    layout.open_mirrors()  # `act` runs outside of every sandbox
    made = Machine(layout, one_user)
    yield made
    for workspace in made.made:
        workspace.remove()


@contextmanager
def served_with_login(repository: Repository, token: str) -> Iterator[tuple[str, list[str]]]:
    """The repository over HTTP for clients with the token; yields its URL and the logins."""
    logins: list[str] = []
    repository.git("config", "http.receivepack", "true")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _backend(repository, token, logins))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{repository.path.name}", logins
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _backend(repository: Repository, token: str, logins: list[str]) -> type[BaseHTTPRequestHandler]:
    class Backend(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

        def _answer(self) -> None:
            login = self.headers.get("Authorization", "").removeprefix("Basic ")
            username, _, password = base64.b64decode(login).decode().partition(":")
            if password != token:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            logins.append(username)
            self._run_backend(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _run_backend(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            answer = subprocess.run(
                ["git", "http-backend"],
                input=body,
                capture_output=True,
                check=True,
                env={
                    **ENVIRONMENT,
                    "GIT_PROJECT_ROOT": str(repository.path.parent),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "REMOTE_USER": "somebody",
                    "REQUEST_METHOD": self.command,
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                },
            ).stdout
            head, _, rest = answer.partition(b"\r\n\r\n")
            self.send_response(200)
            for line in head.decode().splitlines():
                self.send_header(*line.split(": ", 1))
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest)

    return Backend


@contextmanager
def silent_server() -> Iterator[tuple[str, Callable[[], None]]]:
    """A git server that accepts connections and sends nothing; yields a URL and a wait."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        guests: list[socket.socket] = []

        def wait_for_guest() -> None:
            guests.append(listener.accept()[0])

        yield f"git://127.0.0.1:{listener.getsockname()[1]}/x.git", wait_for_guest
        for guest in guests:
            guest.close()
