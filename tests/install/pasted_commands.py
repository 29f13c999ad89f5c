"""A server that serves its install line over TLS, and hosts whose ordinary users paste it into a
shell."""

import os
import re
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.embedded.stack import Stack
from packages import build
from tests.certificates import make, pem
from tests.flows.running_stack import ADMIN, PASSWORD, free_port
from tests.wait import exit_of, wait_until

UID = 54_321  # the user nobody's, if root runs the tests; else the current user
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
FROM_US = re.compile(r"(?i)(pip_.*|https?_proxy|no_proxy|ssl_cert_file|requests_ca_bundle)")
PREFIX = ".local/share/muster-worker"
TIMEOUT_SECONDS = 400.0


class Server:
    """A server with TLS, its wheel for machines, and an admin's session."""

    def __init__(self, directory: Path) -> None:
        self.carried = directory / "carried"
        self.carried.mkdir()
        build.build_wheel(build.CLIENT, self.carried)
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
            "MUSTER_MAX_LOAD_PERCENT": "101",  # whatever this host's load
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


class Host:
    """A host's ordinary user, with their own home, who pastes lines into a shell."""

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
            # Only used code is compiled; pip would take half a minute for all of it.
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
        """Return the exit status and all output."""
        with self.begin(line) as ran:
            output, _ = ran.communicate(timeout=TIMEOUT_SECONDS)
        return ran.returncode, output

    def uninstall(self) -> tuple[int, str]:
        return self.paste(f"sh {self.prefix}/worker.sh --uninstall --user")

    def files(self) -> list[Path]:
        return [path for path in self.home.rglob("*") if not path.is_dir()]


class Foreground:
    """The line with --foreground, while it runs; its output is read, so that it never blocks."""

    def __init__(self, host: Host, line: str) -> None:
        self.process, self.said = host.begin(line), ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            self.said += text

    def has_printed(self, text: str) -> None:
        problem = exit_of(self.process, lambda: self.said)
        wait_until(lambda: text in self.said, f"{text!r}", TIMEOUT_SECONDS, problem=problem)

    def worker(self) -> int:
        """Return the worker's process: the last shell of the line has become it."""
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
