"""Local machines of a stack: each is a worker daemon on this host with its own home."""

import shutil
import socket
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.embedded.stack import Stack
from app.server_cli.local import enrollment, paths
from app.server_cli.local.api import ApiClient, ApiError
from app.server_cli.local.errors import OperateError
from app.server_cli.local.uids import machine_uids

ONLINE_TIMEOUT_SECONDS = 120.0
_PROCESS_PREFIX = "machine-"  # with its number, the name of a machine's daemon in the stack
_WORKER_COMMAND = (sys.executable, "-m", "muster", "worker")
# Settings that the server's processes need and that a daemon must not have.
_SERVER_VARIABLES = (
    *("DATABASE_URL", "REDIS_URL", "MUSTER_ADMIN_PASSWORD", "MUSTER_METRICS_TOKEN"),
    *("SECRET_KEY", "JWT_SECRET_KEY", "WORKER_JWT_SECRET_KEY", "ENCRYPTION_KEYS"),
)


@dataclass(frozen=True)
class LocalMachine:
    """A local machine, by its number; its home is in `directory`."""

    stack: Stack
    directory: Path
    number: int

    @property
    def name(self) -> str:
        return f"local-{self.number}"

    @property
    def home(self) -> Path:
        return self.directory / str(self.number)

    @property
    def repositories(self) -> Path:
        """The stack's own directory of those whose repositories the machine accepts by path."""
        return paths.repository_directories(self.stack.home)[0]

    @property
    def uids(self) -> range:
        """The user IDs of the machine's attempts under root: always the same, and different for
        each machine.

        Retained workspaces belong to these IDs, so they must not depend on the number of machines.
        """
        return machine_uids(self.number - 1)

    @property
    def machine_id(self) -> str:
        return enrollment.machine_id(self.home)

    def is_enrolled(self) -> bool:
        """Whether the machine has credentials, possibly for another server."""
        return enrollment.server_url(self.home) is not None

    def forget(self, api: ApiClient) -> None:
        """Remove the machine's home if this server doesn't know it or has decommissioned it."""
        try:
            machine = api.get(f"/api/web/machines/{self.machine_id}")
        except ApiError as problem:
            if problem.http_status != 404:
                raise
        else:
            if machine["status"] != "decommissioned":
                return
        # The entire home, because another server's tasks have the same IDs as this server's.
        shutil.rmtree(self.home)

    def enroll(self, api: ApiClient, *options: str) -> None:
        """Enroll the machine with further options; `api` is an admin's session.

        Raises EmbeddedError, and OperateError for a certificate that the worker would not trust.
        """
        trust = _trust_options(self.stack)
        token = api.post("/api/admin/worker-tokens", {"label": f"{self.name} of this stack"})
        command = ["enroll", "--server", self.stack.url, "--token", "-"]
        command += ["--name", self.name, "--home", str(self.home), *trust, *options]
        line = f"{token['token']}\n".encode()
        self.stack.run(f"enroll-{self.number}", [*_WORKER_COMMAND, *command], stdin=line)

    def start(self, path: str | None = None, shown: Sequence[str] = ()) -> None:
        """Start the machine's daemon, which stops with the stack. `path` is its PATH, by default
        ours; `shown` are directories that its attempts can see (`--mount`).
        """
        self._set_server_url()
        self.repositories.mkdir(exist_ok=True)
        command = ["run", "--home", str(self.home), "--stop-agents-on-exit"]
        command += ["--uids", f"{self.uids[0]}-{self.uids[-1]}"]
        roots = paths.repository_directories(self.stack.home)
        command += [word for root in roots for word in ("--file-root", str(root))]
        command += [word for directory in shown for word in ("--mount", directory)]
        env = dict.fromkeys(_SERVER_VARIABLES, "") | ({} if path is None else {"PATH": path})
        # Decommissioning the machine ends its daemon.
        self.stack.launch(
            f"{_PROCESS_PREFIX}{self.number}", [*_WORKER_COMMAND, *command], env, may_end=True
        )

    def _set_server_url(self) -> None:
        # The stack's port may have changed since the machine enrolled.
        if enrollment.server_url(self.home) != self.stack.url:
            enrollment.set_server_url(self.home, self.stack.url)


def await_online(stack: Stack, count: int) -> None:
    """Wait until `count` machines are connected, not counting decommissioned ones.

    Raises OperateError on timeout, EmbeddedError when a child of the stack exits.
    """
    api, deadline = ApiClient(stack.url), time.monotonic() + ONLINE_TIMEOUT_SECONDS
    while (connected := api.get("/api/workers/healthz")["connectedWorkers"]) < count:
        stack.check()
        count = min(count, sum(name.startswith(_PROCESS_PREFIX) for name in stack.processes))
        if time.monotonic() > deadline:
            raise OperateError(
                f"{connected} of {count} machines are online after {ONLINE_TIMEOUT_SECONDS:.0f} s; "
                f"see {stack.home}/logs/machine-*.log"
            )
        time.sleep(0.05)


def _trust_options(stack: Stack) -> list[str]:
    """Return the options with which a worker on this host trusts the stack's server. Raises
    OperateError.
    """
    if not stack.url.startswith("https:"):
        return []
    own, reason = stack.env["MUSTER_TLS_CERT"], ""
    for ca_file, options in ((None, []), (own, ["--ca-file", own])):
        try:
            with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as plain:
                ssl.create_default_context(cafile=ca_file).wrap_socket(
                    plain, server_hostname="127.0.0.1"
                ).close()
        except ssl.SSLError as problem:
            reason = getattr(problem, "verify_message", "") or str(problem)
        else:
            return options
    raise OperateError(
        f"a worker on this machine doesn't trust the certificate ({reason}): add 127.0.0.1 to its "
        "names, or set MUSTER_MACHINES=0"
    )
