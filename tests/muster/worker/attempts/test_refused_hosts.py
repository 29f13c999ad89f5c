"""A stage whose network isn't open: the hosts it reaches, those it is refused, and the reports."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from muster.protocol.frames import EgressRefused, Failed, StageFinished
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def host() -> Iterator[str]:
    """A server on this host: if the list has `127.0.0.1`, the proxy connects to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.needs("curl")
def test_an_allowed_host_is_reached_and_another_told_once_with_its_stage(
    worker: WorkerHome, host: str
) -> None:
    server = worker.start().server
    ask = "curl -s -o /dev/null -w '%{http_code} ' --noproxy ''"
    script = f"curl -s --noproxy '' http://{host}/; {ask} http://evil.example/; {ask} evil.example"
    worker.run(script, network=[host])
    server.wait_for_report(StageFinished)
    server.wait_for(lambda: server.log() == b"hello403 403 ")
    assert server.bodies(EgressRefused) == [EgressRefused(0, "evil.example")]
    order = [
        type(body) for body in server.bodies() if isinstance(body, (EgressRefused, StageFinished))
    ]
    assert order == [EgressRefused, StageFinished]


@pytest.mark.needs("curl")
def test_without_the_proxy_there_is_no_way_out(worker: WorkerHome, host: str) -> None:
    server = worker.start().server
    worker.run(
        f"curl -s --noproxy '*' http://{host}/; echo $?; grep -o '^ *[a-z0-9]*:' /proc/net/dev",
        network=[host],
    )
    server.wait_for_report(StageFinished)
    server.wait_for(lambda: server.log() == b"7\r\n    lo:\r\n")


@pytest.mark.needs("curl")
def test_an_open_stage_has_no_proxy_and_reaches_what_this_machine_does(
    worker: WorkerHome, host: str
) -> None:
    server = worker.start().server
    worker.run(f'curl -s http://{host}/; echo "${{http_proxy-none}}"')
    server.wait_for_report(StageFinished)
    server.wait_for(lambda: server.log() == b"hellonone\r\n")


def test_a_machine_without_full_sandboxes_runs_no_stage_whose_network_is_not_open(
    worker: WorkerHome,
) -> None:
    worker.run_daemon(worker.make_daemon(max_sandbox_level="processes"))
    worker.run("true", network=[])
    failed = worker.server.wait_for_report(Failed)
    assert failed.code == "sandbox_unavailable"
    assert "needs the sandbox level full, this machine has processes" in failed.message
