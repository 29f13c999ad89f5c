"""The line that makes a machine, run for real: as an ordinary user, over TLS with an authority of
our own, against a whole server, with packages from the index."""

import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.embedded.stack import Stack
from packages import build
from tests.certificates import make, pem
from tests.flows.running import ADMIN, PASSWORD, free_port, until

UID = 54_321  # nobody's, where root runs the tests; else they run as who we are
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
FROM_US = re.compile(r"(?i)(pip_.*|https?_proxy|no_proxy|ssl_cert_file|requests_ca_bundle)")
PREFIX = ".local/share/muster-worker"
PATIENCE = 400.0
pytestmark = pytest.mark.timeout(1200)


class Server:
    """A server with TLS, its wheel for machines, and an admin's session."""

    def __init__(self, directory: Path) -> None:
        self.carried = directory / "carried"
        self.carried.mkdir()
        build.wheel(build.CLIENT, self.carried)
        authority = make("an authority of our own")
        server = make("localhost", authority)
        self.authority = directory / "authority.pem"
        self.authority.write_text(pem(authority))
        (directory / "chain.pem").write_text(pem(server, authority))
        key = server[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (directory / "key.pem").write_bytes(key)
        env = {
            **dict.fromkeys(("DATABASE_URL", "REDIS_URL", "MUSTER_PROXY"), ""),
            "MUSTER_EMBEDDED_FSYNC": "off",
            "MUSTER_MAX_LOAD_PERCENT": "101",  # however much else this host does
            "MUSTER_MAX_DISK_PERCENT": "101",
            "MUSTER_BIND": "127.0.0.1",
            "MUSTER_TLS_CERT": str(directory / "chain.pem"),
            "MUSTER_TLS_KEY": str(directory / "key.pem"),
            "MUSTER_INSTALL": str(self.carried),
        }
        self.stack = Stack(directory / "home", free_port(), env)
        self.url = f"https://localhost:{self.stack.port}"

    def sign_in(self) -> None:
        program = ("flask", "--app", "wsgi", "create-admin", "--password", PASSWORD)
        self.stack.run("admin", [sys.executable, "-m", *program])
        trust = ssl.create_default_context(cafile=str(self.authority))
        self.api = httpx.Client(base_url=self.url, verify=trust, timeout=30)
        body = {"username": ADMIN, "password": PASSWORD}
        token = self.api.post("/api/auth/login", json=body).json()["accessToken"]
        self.api.headers["Authorization"] = f"Bearer {token}"

    def token(self) -> dict[str, Any]:
        return dict(self.api.post("/api/admin/worker-tokens", json={}).json())

    def status(self, token: dict[str, Any]) -> dict[str, Any]:
        return dict(self.api.get(f"/api/admin/worker-tokens/{token['id']}/status").json())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    with made.stack:
        made.sign_in()
        yield made
        made.api.close()


class Host:
    """A host's ordinary user, with a home of its own, who pastes lines into a shell."""

    def __init__(self, home: Path) -> None:
        self.home, self.prefix = home, home / PREFIX
        home.mkdir(mode=0o755)
        if os.getuid() == 0:
            os.chown(home, UID, UID)

    def begin(self, line: str) -> "subprocess.Popen[str]":
        ours = {name: text for name, text in os.environ.items() if FROM_US.fullmatch(name)}
        whose = {"user": UID, "group": UID, "extra_groups": []} if os.getuid() == 0 else {}
        return subprocess.Popen(
            ["sh", "-c", line],
            # What is run is compiled then; all of what pip installs takes it half a minute.
            env={**ours, "HOME": str(self.home), "PATH": PATH, "PIP_NO_COMPILE": "1"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **whose,
        )

    def paste(self, line: str) -> tuple[int, str]:
        """The status at its end, and all that was said."""
        with self.begin(line) as ran:
            said, _ = ran.communicate(timeout=PATIENCE)
        return ran.returncode, said

    def uninstall(self) -> tuple[int, str]:
        return self.paste(f"sh {self.prefix}/worker.sh --uninstall --user")

    def files(self) -> list[Path]:
        return [path for path in self.home.rglob("*") if not path.is_dir()]


@pytest.fixture
def host(area: Path) -> Iterator[Host]:
    made = Host(Path(tempfile.mkdtemp(prefix="user-", dir=area)) / "home")
    made.home.parent.chmod(0o755)
    yield made
    if made.prefix.exists():
        made.uninstall()


class Foreground:
    """The line with --foreground, while it runs; what it says is read, so that it never waits."""

    def __init__(self, host: Host, line: str) -> None:
        self.process, self.said = host.begin(line), ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            self.said += text

    def has_said(self, text: str) -> None:
        def look() -> bool:
            assert self.process.poll() is None, self.said
            return text in self.said

        until(look, f"{text!r}", PATIENCE)

    def worker(self) -> int:
        """The process of the worker: what the last shell of the line has become."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        (found,) = [
            pid
            for pid in (self.process.pid, *map(int, children.read_text().split()))
            if b"muster\0worker\0run" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        return found

    def stop(self) -> int:
        os.kill(self.worker(), 15)
        status = self.process.wait(60)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


def test_the_line_makes_a_machine_again_upgrades_it_and_uninstalled_it_leaves_nothing(
    server: Server, host: Host
) -> None:
    token = server.token()
    assert "-k --pinnedpubkey sha256//" in token["installLine"]
    options = "--user --foreground --name whimbrel --slots 3 --label gpu=true"
    ran = Foreground(host, f"{token['installLine']} {options}")
    ran.has_said("connected to")
    status = until(lambda: (s := server.status(token))["connectedAt"] and s, "connection")
    machine = status["machine"]
    assert (machine["name"], machine["slots"]["total"]) == ("whimbrel", 3)
    assert (machine["labels"], status["agents"]) == ({"gpu": "true"}, [])
    secret = token["token"].encode()
    worker = ran.worker()
    assert secret not in Path(f"/proc/{worker}/environ").read_bytes()
    assert secret.decode() not in ran.said
    assert "another worker runs" in host.uninstall()[1]
    assert ran.stop() == 0, ran.said

    # Enrolled already: no token is wanted, and the options are those of before.
    again = token["installLine"].replace(token["token"], "")
    second = Foreground(host, f"{again} --user --foreground")
    second.has_said("connected to")
    assert "enrolled already" in second.said
    assert "labels: gpu=true" in second.said
    assert second.stop() == 0, second.said
    (kept,) = [each for each in _machines(server) if each["name"] == "whimbrel"]
    assert kept["id"] == machine["id"]

    gone, said = host.uninstall()
    assert (gone, host.files()) == (0, []), said


def _machines(server: Server) -> list[dict[str, Any]]:
    return list(server.api.get("/api/web/machines").json()["items"])


def test_a_dry_run_does_nothing(server: Server, host: Host) -> None:
    done, said = host.paste(f"{server.token()['installLine']} --user --dry-run")
    assert (done, host.files()) == (0, []), said


def test_another_wheel_is_refused(server: Server, host: Host) -> None:
    token = server.token()
    (wheel,) = server.carried.glob("*.whl")
    fetch, _, run = token["installLine"].partition(" | ")
    script = host.home / "worker.sh"
    assert host.paste(f"{fetch} > {script}")[0] == 0
    before = wheel.read_bytes()
    try:
        wheel.write_bytes(before + b"\0")
        run = run.replace("sh -s --", f"sh {script} --user --foreground")
        done, said = host.paste(run)
    finally:
        wheel.write_bytes(before)
    assert done == 1, said
    assert "not what the server has promised" in said
    assert "--uninstall" in said
    assert server.status(token)["status"] == "unused"


def test_another_key_than_the_servers_is_believed_nothing(server: Server, host: Host) -> None:
    token = server.token()
    pin = re.search(r"sha256//\S+", token["installLine"])
    assert pin is not None
    stranger = f"sha256//{'A' * 43}="
    line = token["installLine"].replace(pin[0], stranger)
    assert "pinned" in host.paste(f"{line} --user --foreground")[1].lower()
    done, _ = host.paste(f"{token['installLine']} --user --foreground --pin {stranger}")
    assert done != 0
    assert server.status(token)["status"] == "unused"
