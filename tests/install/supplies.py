"""The files for a root: wheels, certificates of our own authority, a project; and their use
in it."""

import re
import shutil
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.certificates import make, pem
from tests.flows.running_stack import free_port, wait_for
from tests.install.roots import Root

PASSWORD = "a password that only tests use"
# Whatever this machine's load.
SETTINGS = {"MUSTER_MAX_LOAD_PERCENT": "100", "MUSTER_MAX_DISK_PERCENT": "100"}
# The directory with the packages' requirements.
LOCAL = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/srv/house"}
FETCH = (
    "python3 -m venv /tmp/fetching && /tmp/fetching/bin/pip wheel --quiet --wheel-dir=/srv/house "
    "--find-links=/mnt --constraint=/mnt/locked.txt /mnt/muster_*.whl"
)
LOCKS = ("requirements.txt", "requirements-worker.txt")
REPOSITORY = """
set -eu
umask 022
git init -q --bare -b main /tmp/code/first.git
git clone -q /tmp/code/first.git /tmp/code/work 2>/dev/null
cd /tmp/code/work
echo one >one.txt
git add one.txt
git -c user.name=Ann -c user.email=ann@example.org commit -qm One
git push -q origin HEAD:main
rm -rf /tmp/code/work
"""
PROJECT = """
key: {key}
repoUrl: file:///tmp/code/first.git
defaultBranch: main
agentType: custom
agentCommand: "true {{prompt}}"
minSandbox: {room}
pipeline: [{{name: build, kind: shell, command: "{command}", timeout: 600}}]
"""


@dataclass
class Supplies:
    """`given` is /mnt in a root, `shared` /srv in all of them."""

    given: Path
    shared: Path
    authority: Path = field(init=False)

    def pack(self, wheels: tuple[Path, Path]) -> None:
        self.given.mkdir()
        for wheel in wheels:
            shutil.copy(wheel, self.given)
        (self.given / "locked.txt").write_text(_locked())
        authority = make("an authority of our own")
        server = make("localhost", authority)
        self.authority = self.given / "authority.pem"
        self.authority.write_text(pem(authority))
        (self.given / "chain.pem").write_text(pem(server, authority))
        key = server[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.given / "key.pem").write_bytes(key)

    def fetch(self, root: Root) -> None:
        """Download the packages' requirements, once for all roots, because it takes the most
        time."""
        root.output_of("sh", "-c", FETCH)


def _locked() -> str:
    """Return the locked versions, without their hashes and extras, for tools that accept no
    others."""
    texts = "".join(Path(__file__).parents[2].joinpath(name).read_text() for name in LOCKS)
    lines = [line.removesuffix(" \\") for line in texts.splitlines() if line[:1].isalnum()]
    return re.sub(r"\[.*?\]", "", "\n".join(lines))


def make_repository(root: Root, user: str) -> None:
    """One with a commit, where a worker that runs as `user` may push."""
    root.output_of("install", "-d", "-o", user, "/tmp/code")
    root.output_of("sh", "-c", REPOSITORY, user=user)


class Work:
    """A server in a root, and what its first admin has done there by `muster`, as `user`."""

    def __init__(self, root: Root, supplies: Supplies, muster: str, user: str) -> None:
        self.root, self.muster, self.user = root, muster, user
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        trust = ssl.create_default_context(cafile=str(supplies.authority))
        self.api = httpx.Client(base_url=self.url, verify=trust, timeout=30, trust_env=False)

    def sign_in(self) -> None:
        """Here, and in there by a token."""
        wait_for(self.is_ready, "server that is ready", 300)
        token = self._post("/api/auth/login", username="admin", password=PASSWORD)["accessToken"]
        self.api.headers["Authorization"] = f"Bearer {token}"
        mine = self._post("/api/web/profile/tokens", label="root")["token"]
        trusted = ("--server", self.url, "--ca-file", "/mnt/authority.pem")
        self.output_of("login", *trusted, "--token", "-", given=mine)

    def line(self) -> str:
        """Return a new machine's install line, which needs a session: a token can't create
        others."""
        return str(self._post("/api/admin/worker-tokens")["installLine"])

    def output_of(self, *words: str, given: str = "") -> str:
        return self.root.output_of(self.muster, *words, given=given, user=self.user)

    def make_project(self, key: str, command: str, room: str = "none") -> None:
        text = PROJECT.format(key=key, command=command, room=room)
        self.output_of("project", "apply", "--yes", "--file", "-", given=text)

    def completes(self, key: str) -> str:
        """A task's number, once it is done."""
        self.output_of("task", "create", "-p", key, "-d", "Add a file", "--wait")
        return self.output_of("task", "list", "--project", key, "-q").split()[0]

    def is_genuine(self, task: str) -> bool:
        """Whether its evidence is signed by the server."""
        self.output_of("task", "evidence", task, "-o", f"/tmp/{task}.zip")
        key = self.output_of("api", "/.well-known/muster-evidence.json")
        (self.root.given / "evidence.json").write_text(key)
        output = self.output_of("verify", f"/tmp/{task}.zip", "--key", "/mnt/evidence.json")
        return output.startswith(f"GENUINE: task {task} of server")

    def is_ready(self) -> bool:
        try:
            return self.api.get("/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def _post(self, path: str, **body: object) -> dict[str, Any]:
        answer = self.api.post(path, json=body)
        assert answer.is_success, answer.text
        return dict(answer.json())
