import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.worker.doctor import server as checks
from muster.worker.doctor.finding import Finding, Machine, run_each
from muster.worker.layout import Layout
from muster.worker.server.credentials import Credentials, CredentialStore
from tests import certificates
from tests.muster.worker.fake_server import FakeServer


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    yield fake
    fake.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def enrolled(home: Path, server: str, jwt: str = "jwt-1", ca_file: str | None = None) -> Machine:
    layout = Layout(home)
    layout.make()
    known = Credentials(server, "id", "box", 2, jwt, 1e12, "secret-1", ca_file=ca_file)
    CredentialStore(layout.credentials).save(known)
    return Machine(home)


def found(machine: Machine) -> dict[str, Finding]:
    return {one.name: one for one in run_each(checks.CHECKS, machine)}


def url(listening: socket.socket, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"


def test_a_machine_that_is_not_enrolled_gets_advice(tmp_path: Path) -> None:
    finding = found(Machine(tmp_path / "home"))["server"]
    assert finding.level == "warn"
    assert finding.command == "python -m muster worker enroll --server URL --token TOKEN"
    assert not (tmp_path / "home").exists()


def test_a_server_that_knows_this_machine_has_its_clock_compared(
    tmp_path: Path, server: FakeServer
) -> None:
    machine = enrolled(tmp_path, server.url)
    content = (tmp_path / "credentials/credentials.json").read_bytes()
    findings = found(machine)
    assert findings["server"] == Finding("server", "ok", f"{server.url} knows this machine as box")
    assert findings["clock"].level == "ok"
    # The check changes nothing.
    assert (tmp_path / "credentials/credentials.json").read_bytes() == content
    assert found(machine)["server"].level == "ok"


def test_a_rejected_token_is_reported(tmp_path: Path, server: FakeServer) -> None:
    findings = found(enrolled(tmp_path, server.url, jwt="another"))
    assert findings["server"].level == "warn"
    assert "(401)" in findings["server"].text
    assert findings["clock"].text == "not compared: the server's time is unknown"


def test_what_answers_otherwise_is_no_server_of_ours(tmp_path: Path, server: FakeServer) -> None:
    server.refuse = [404]
    finding = found(enrolled(tmp_path, server.url))["server"]
    assert (finding.level, finding.text) == ("fail", f"{server.url} answers 404")


def test_a_server_that_is_down_stops_work(tmp_path: Path, listener: socket.socket) -> None:
    address = url(listener)
    listener.close()
    finding = found(enrolled(tmp_path, address))["server"]
    assert finding.level == "fail"
    assert "refused" in finding.text


def test_a_server_that_says_nothing_is_not_waited_for(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "TIMEOUT_SECONDS", 0.2)
    assert found(enrolled(tmp_path, url(listener)))["server"].level == "fail"


def test_nor_is_one_whose_answer_drips(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "TIMEOUT_SECONDS", 0.5)
    over = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.1):
                connection.sendall(b"X-A: b\r\n")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        finding = found(enrolled(tmp_path, url(listener)))["server"]
    finally:
        over.set()
        dripping.join()
    assert finding.level == "fail"
    assert "no response" in finding.text


def test_an_untrusted_certificate_is_reported(
    tmp_path: Path, listener: socket.socket, certificate: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def shake() -> None:
        connection, _ = listener.accept()
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()

    shaking = threading.Thread(target=shake)
    shaking.start()
    finding = found(enrolled(tmp_path / "home", url(listener, "https")))["server"]
    shaking.join()
    assert finding.level == "fail"
    assert "CERTIFICATE_VERIFY_FAILED" in finding.text
    assert "certificate" in finding.advice


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return certificates.write_server(tmp_path / "server.pem", "localhost")


def test_a_missing_ca_file_is_reported(tmp_path: Path) -> None:
    machine = enrolled(tmp_path, "https://127.0.0.1:1", ca_file=f"{tmp_path}/gone.pem")
    finding = found(machine)["server"]
    assert finding.level == "fail"
    assert "gone.pem" in finding.text


@pytest.mark.parametrize(
    ("before", "theirs", "after", "level"),
    [
        (100.9, 100.0, 101.0, "ok"),  # it has whole seconds
        (100.0, 100.0, 104.0, "ok"),  # it took long
        (106.0, 100.0, 106.1, "ok"),
        (107.0, 100.0, 107.1, "warn"),
        (100.0, 106.0, 100.1, "warn"),
    ],
)
def test_clocks_that_differ_are_told(
    tmp_path: Path, before: float, theirs: float, after: float, level: str
) -> None:
    assert checks.clock_finding(Machine(tmp_path), before, theirs, after).level == level
