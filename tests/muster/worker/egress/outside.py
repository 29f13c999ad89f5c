"""The outside of a sandbox: an allowed server, others, and their callers."""

import contextlib
import datetime
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ALLOWED = "packages.example.com"
ALLOWED_AT = "127.83.0.1"
EVIL = "evil.example.net"
EVIL_AT = "127.83.0.2"
REBOUND = "rebound.example.org"
LOOPBACK = "127.0.0.1"

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Caller(threading.Thread):
    """Accepts all connections to an address, and records them; never answers."""

    def __init__(self, address: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> None:
        super().__init__(daemon=True)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, kind)
        self.socket.bind((address, 0))
        self.port: int = self.socket.getsockname()[1]
        self.calls = 0
        self._wake = threading.Event()
        if kind == socket.SOCK_STREAM:
            self.socket.listen()
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                if self.socket.type == socket.SOCK_STREAM:
                    self.socket.accept()[0].close()
                else:
                    self.socket.recv(4096)
                self.calls += 1
                self._wake.set()

    def was_called(self, patience: float) -> bool:
        return self._wake.wait(patience)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Web(http.server.ThreadingHTTPServer):
    """Serves a directory, and the `answers` by path; records each request."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: str, directory: Path, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}
        web = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def __init__(self, *args: object) -> None:
                super().__init__(*args, directory=str(directory))  # type: ignore[arg-type]

            def do_GET(self) -> None:
                web.asked.append(f"{self.command} {self.headers['Host']}{self.path}")
                if answer := web.answers.get(self.path):
                    answer(self)
                else:
                    super().do_GET()

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        super().__init__((address, 0), Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_: object) -> None:
        pass  # a client that went away

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextlib.contextmanager
def web(address: str, directory: Path, tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    server = Web(address, directory, tls)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def certificate(directory: Path, name: str) -> ssl.SSLContext:
    """The server's side of TLS for a name; clients that trust `ca.pem` in the directory trust
    it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "ca.pem", directory / "key.pem")
    return context
