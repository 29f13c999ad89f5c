"""A separate network with a proxy, like an attempt's sandbox, and nothing more."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from muster.worker.egress.proxy_process import ProxyProcess
from muster.worker.sandbox import bubblewrap

SOURCES = Path(__file__).parents[4]
_INIT = """
import os, subprocess, sys
sys.path.append(sys.argv[1])
from muster.worker.egress.sandbox_listener import listen_in_sandbox, proxy_environment
listen_in_sandbox(int(sys.argv[2]))
sys.exit(subprocess.run(sys.argv[3:], env={**os.environ, **proxy_environment()}).returncode)
"""


class ProxiedNetwork:
    """Runs one command in a new sandbox; as root with all of root's rights in it."""

    def __init__(self, proxy: ProxyProcess) -> None:
        self.proxy = proxy
        self.refused: list[str] = []

    def start(self, *command: str, **options: object) -> subprocess.Popen[str]:
        bwrap = bubblewrap.candidates()[0].program
        walls = [bwrap, "--dev-bind", "/", "/", "--proc", "/proc", "--unshare-net"]
        walls += ["--unshare-pid", "--die-with-parent", "--as-pid-1", "--", sys.executable]
        started = subprocess.Popen(
            [*walls, "-I", "-S", "-c", _INIT, str(SOURCES), str(self.proxy.sandbox_fd), *command],
            pass_fds=[self.proxy.sandbox_fd],
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **options,  # type: ignore[call-overload]
        )
        self.proxy.close_sandbox_fd()
        return started

    def run(self, *command: str, env: dict[str, str] | None = None) -> str:
        """Return the command's output, then its exit status; all refusals are reported."""
        started = self.start(*command, env={"PATH": os.environ["PATH"], **(env or {})})
        output, _ = started.communicate(timeout=120)
        while (refused := self.refused_hosts()) is not None:
            self.refused += refused
        return f"{output}\nexit {started.returncode}"

    def refused_hosts(self) -> list[str] | None:
        os.set_blocking(self.proxy.fileno(), True)
        return self.proxy.read_refused()


@contextlib.contextmanager
def proxied_network(allow: list[str], known: dict[str, list[str]]) -> Iterator[ProxiedNetwork]:
    proxy = ProxyProcess(allow, known=known)
    try:
        yield ProxiedNetwork(proxy)
    finally:
        proxy.kill()
