"""Enroll a machine with a server."""

import logging
import time
from pathlib import Path

import msgspec

from muster.protocol.frames import Capability, Hardware
from muster.worker.backoff import Backoff
from muster.worker.server.credentials import Credentials, CredentialStore, NotEnrolled
from muster.worker.server.rest_client import Response, RestClient, SpeaksHttp, Unreachable
from muster.worker.server.token_renewal import Grant

ENROLL_TIMEOUT_SECONDS = 120.0
"""Seconds to keep retrying if a server doesn't respond."""

log = logging.getLogger(__name__)


class AlreadyEnrolled(Exception):
    """This home belongs to an enrolled machine."""


class Registration(msgspec.Struct, rename="camel"):
    """The data of a machine that enrolls."""

    machine_id: str
    token: str
    name: str
    capabilities: list[Capability]
    hardware: Hardware
    slots: int
    version: str


def enroll(
    store: CredentialStore,
    rest: RestClient,
    registration: Registration,
    ca_file: Path | None = None,
    insecure: bool = False,
    patience: float = ENROLL_TIMEOUT_SECONDS,
) -> Credentials:
    """Enroll this machine with the server and store its credentials.

    Raises AlreadyEnrolled, ServerRefused, Unreachable (after `patience` seconds).
    """
    _require_new(store)
    answer = _register_with_retry(rest, registration, patience)
    given = Grant.from_response(answer)
    credentials = Credentials(
        server=rest.server,
        machine_id=registration.machine_id,
        name=registration.name,
        slots=registration.slots,
        worker_jwt=given.worker_jwt,
        renew_at=given.renew_at(answer),
        recovery_secret=given.recovery_secret,
        ca_file=str(ca_file) if ca_file else None,
        insecure=insecure,
    )
    store.save(credentials)
    return credentials


def _require_new(store: CredentialStore) -> None:
    try:
        known = store.load()
    except NotEnrolled:
        return
    raise AlreadyEnrolled(f"this home is already enrolled as {known.name!r} at {known.server}")


def _register_with_retry(rest: RestClient, registration: Registration, patience: float) -> Response:
    backoff, until = Backoff(most=10.0), time.monotonic() + patience
    while True:
        try:
            return rest.post("/api/workers/register", registration)
        except SpeaksHttp:
            raise
        except Unreachable as error:
            delay = backoff.next()
            if time.monotonic() + delay > until:
                raise
            log.warning("%s; retrying in %.1f s", error, delay)
            time.sleep(delay)
