"""The machine's ID and its credentials, in files that only their owner can read."""

import contextlib
import uuid
from pathlib import Path

import msgspec

from muster.worker import atomic_write


class NotEnrolled(Exception):
    """This home has no credentials: run `python -m muster worker enroll` first."""


class Credentials(msgspec.Struct, frozen=True, rename="camel"):
    """The server's credentials for an enrolled machine.

    `renew_at` is in seconds since the epoch, by the server's clock. `previous_secret` is the
    recovery secret that the server accepts until we have connected with its replacement.
    """

    server: str
    machine_id: str
    name: str
    slots: int
    worker_jwt: str
    renew_at: float
    recovery_secret: str
    previous_secret: str | None = None
    ca_file: str | None = None
    insecure: bool = False

    def __repr__(self) -> str:
        # Printing this must not print a secret.
        return f"Credentials({self.machine_id} at {self.server})"


class CredentialStore:
    """The directory with the credentials."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = directory / "credentials.json"
        self._machine_id = directory / "machine-id"

    def machine_id(self) -> str:
        """This machine's ID. It is created and stored before enrolling, so that a machine that
        misses the response retries with the same ID."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return str(uuid.UUID(self._machine_id.read_text().strip()))
        made = str(uuid.uuid4())
        atomic_write.replace_file(self._machine_id, made.encode())
        return made

    def load(self) -> Credentials:
        """Return the credentials. Raises NotEnrolled if there are no readable ones."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Credentials)
        except FileNotFoundError:
            raise NotEnrolled(f"{self._directory} has no credentials") from None
        except msgspec.DecodeError as error:
            raise NotEnrolled(f"can't read {self._file}: {error}") from None

    def save(self, credentials: Credentials) -> None:
        atomic_write.replace_file(self._file, msgspec.json.encode(credentials))

    def set_server(self, server: str, ca_file: str | None) -> None:
        """Set the server's new address and its certificate authority. Raises NotEnrolled."""
        known = self.load()
        if (known.server, known.ca_file) != (server, ca_file):
            self.save(msgspec.structs.replace(known, server=server, ca_file=ca_file))
