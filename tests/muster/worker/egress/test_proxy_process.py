"""The shim's side: a proxy is started, read and stopped."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.worker import processes
from muster.worker.egress.proxy import MAX_REPORTED_HOSTS
from muster.worker.egress.proxy_process import NOBODY_UID, ProxyProcess
from muster.worker.egress.sandbox_listener import PORT, listen_in_sandbox, proxy_environment

SOURCES = Path(__file__).parents[4]


@contextlib.contextmanager
def proxied(allow: list[str], port: int) -> Iterator[ProxyProcess]:
    """A proxy whose sandbox is this process; `close_sandbox_fd` ends the sandbox."""
    proxy = ProxyProcess(allow)
    try:
        listen_in_sandbox(proxy.sandbox_fd, port)
        yield proxy
    finally:
        proxy.kill()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def ask(port: int, host: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"CONNECT %s HTTP/1.1\r\n\r\n" % host.encode())
        answer = b""
        while received := client.recv(4096):
            answer += received
        return answer


def refused_hosts(proxy: ProxyProcess, count: int) -> list[str]:
    hosts: list[str] = []
    while len(hosts) < count:
        assert select.select([proxy], [], [], 30)[0]
        refused = proxy.read_refused()
        assert refused is not None
        hosts += refused
    return hosts


def ended(proxy: ProxyProcess) -> bool:
    """Wait for its exit, without reaping it."""
    while select.select([proxy], [], [], 30)[0]:
        if proxy.read_refused() is None:
            return os.waitpid(proxy.pid, 0)[1] == 0
    return False


def test_what_it_refuses_is_heard_once_each(port: int) -> None:
    with proxied(["a.example"], port) as proxy:
        assert proxy.read_refused() == []
        for host in ("b.example:443", "b.example:443", "b.example:80", "b.example:22"):
            assert ask(port, host).startswith(b"HTTP/1.1 403")
        assert refused_hosts(proxy, 2) == ["b.example", "b.example:22"]
        assert proxy.read_refused() == []


def test_reports_of_refused_hosts_are_limited_and_block_nothing(port: int) -> None:
    with proxied([], port) as proxy:
        for number in range(MAX_REPORTED_HOSTS + 20):
            host = f"{'a' * 60}.{'b' * 60}.{'c' * 60}.host-{number}.example"
            assert ask(port, f"{host}:22").startswith(b"HTTP/1.1 403")
        assert len(refused_hosts(proxy, MAX_REPORTED_HOSTS)) == MAX_REPORTED_HOSTS
        assert proxy.read_refused() == []


@pytest.mark.parametrize("entry", ["@agent", "*", "http://a.example"])
def test_a_list_that_is_none_starts_nothing(entry: str) -> None:
    with pytest.raises(ValueError):
        ProxyProcess(["a.example", entry])


def test_it_ends_with_the_sandbox(port: int) -> None:
    with proxied([], port) as proxy:
        ask(port, "a.example:443")  # it serves
        proxy.close_sandbox_fd()
        assert ended(proxy)


def test_it_ends_with_a_sandbox_that_never_listened() -> None:
    proxy = ProxyProcess([])
    proxy.close_sandbox_fd()
    assert ended(proxy)
    proxy.kill()


def test_it_is_ended_and_that_may_be_said_twice(port: int) -> None:
    with proxied([], port) as proxy:
        proxy.kill()
        proxy.kill()
        assert processes.find(proxy.pid) is None
        with pytest.raises(ConnectionRefusedError):
            ask(port, "a.example:443")


@pytest.mark.parametrize("frozen", [False, True])
def test_it_dies_with_its_parent(port: int, frozen: bool) -> None:
    """A frozen one can't notice that a socket has closed: then the kernel kills it."""
    parent = (
        "import sys, time; sys.path.append(sys.argv[1])\n"
        "from muster.worker.egress.proxy_process import ProxyProcess\n"
        "from muster.worker.egress.sandbox_listener import listen_in_sandbox\n"
        "proxy = ProxyProcess([]); listen_in_sandbox(proxy.sandbox_fd, int(sys.argv[2]))\n"
        "print(proxy.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-I", "-S", "-c", parent, str(SOURCES), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as shim:
        assert shim.stdout is not None
        pid = int(shim.stdout.readline())
        with contextlib.closing(os.fdopen(os.pidfd_open(pid))) as proxy:
            ask(port, "a.example:443")
            if frozen:
                os.kill(pid, signal.SIGSTOP)
            shim.kill()
            assert select.select([proxy], [], [], 30)[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_it_is_nobody_and_can_gain_nothing(port: int) -> None:
    with proxied([], port) as proxy:
        ask(port, "a.example:443")
        status = Path(f"/proc/{proxy.pid}/status").read_text().splitlines()
        fields = dict(line.split(":\t") for line in status if ":\t" in line)
        assert fields["Uid"].split() == fields["Gid"].split() == [str(NOBODY_UID)] * 4
        assert fields["Groups"].strip() == ""
        assert int(fields["CapPrm"], 16) == int(fields["CapEff"], 16) == 0
        assert fields["NoNewPrivs"] == "1"
        # Other processes of its uid can't trace or read it.
        assert Path(f"/proc/{proxy.pid}/environ").stat().st_uid == 0


def test_its_command_line_names_no_host(port: int) -> None:
    with proxied(["secret.example"], port) as proxy:
        assert b"secret" not in Path(f"/proc/{proxy.pid}/cmdline").read_bytes()


def test_programs_are_told_of_it() -> None:
    variables = proxy_environment()
    assert variables["https_proxy"] == variables["ALL_PROXY"] == f"http://127.0.0.1:{PORT}"
    assert variables["NO_PROXY"] == "localhost,127.0.0.1,::1"


def test_python_programs_start_with_what_they_are_told() -> None:
    """httpx does not, where `all_proxy` is SOCKS and a package is missing."""
    program = "import httpx, json, urllib.request; httpx.Client(); "
    program += "print(json.dumps(urllib.request.getproxies()))"
    completed = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], **proxy_environment()},
        check=True,
        capture_output=True,
    )
    assert json.loads(completed.stdout)["https"] == f"http://127.0.0.1:{PORT}"
