"""The machine's id and its credentials, in files that only their owner can read."""

import contextlib
import uuid
from pathlib import Path

import msgspec

from muster.worker import atomic_write


class NotEnrolled(Exception):
    """There are no credentials in this home: run `python -m muster worker enroll` first."""


class Credentials(msgspec.Struct, frozen=True, rename="camel"):
    """What the server gave when the machine was enrolled.

    `renew_at` is in seconds since the epoch, by the server's clock.
    `previous_secret` is the recovery secret that the server honours until we have connected with
    what replaced it.
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
        # Whatever prints this must not print a secret.
        return f"Credentials({self.machine_id} at {self.server})"


class CredentialStore:
    """The directory that keeps the credentials."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = directory / "credentials.json"
        self._machine_id = directory / "machine-id"

    def machine_id(self) -> str:
        """This machine's id. It is made and kept before the server is asked to enroll it, so that
        a machine whose answer was lost asks again as the same one."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return str(uuid.UUID(self._machine_id.read_text().strip()))
        made = str(uuid.uuid4())
        atomic_write.replace_file(self._machine_id, made.encode())
        return made

    def load(self) -> Credentials:
        """The credentials. Raises NotEnrolled if there are none that can be read."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Credentials)
        except FileNotFoundError:
            raise NotEnrolled(f"{self._directory} holds no credentials") from None
        except msgspec.DecodeError as error:
            raise NotEnrolled(f"{self._file} cannot be read: {error}") from None

    def save(self, credentials: Credentials) -> None:
        atomic_write.replace_file(self._file, msgspec.json.encode(credentials))

    def set_server(self, server: str, ca_file: str | None) -> None:
        """The server is at another address from now on, known by that authority. Raises
        NotEnrolled.
        """
        known = self.load()
        if (known.server, known.ca_file) != (server, ca_file):
            self.save(msgspec.structs.replace(known, server=server, ca_file=ca_file))
