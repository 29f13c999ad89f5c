"""Staying known to the server: tokens are renewed in time, and recovered when it is too late."""

import logging
import threading
from datetime import UTC, datetime

import msgspec

from muster.worker.clock import ServerClock
from muster.worker.server.credentials import Credentials, CredentialStore
from muster.worker.server.rest_client import Response, RestClient, ServerRefused, Unreachable

_RETRY_DELAY_SECONDS = 60.0  # seconds until a renewal that failed is tried again
_POLL_SECONDS = 3600.0  # seconds between two looks at the clock, which a suspended machine needs

log = logging.getLogger(__name__)


class Grant(msgspec.Struct, rename="camel"):
    """The server's answer to a machine that has proved who it is: a token, and a new recovery
    secret unless only the token was renewed."""

    worker_jwt: str
    expires_at: datetime
    recovery_secret: str = ""

    @classmethod
    def from_response(cls, answer: Response) -> "Grant":
        """The grant in a response. Raises Unreachable if there is none in it."""
        try:
            return msgspec.json.decode(answer.body, type=cls)
        except msgspec.DecodeError as error:
            raise Unreachable(f"the server's answer makes no sense: {error}") from None

    def renew_at(self, answer: Response) -> float:
        """When two thirds of the token's life will be over, by the server's clock: ours may be
        wrong about the date."""
        return answer.date + max(0.0, _epoch_seconds(self.expires_at) - answer.date) * 2 / 3


class TokenRenewal:
    """Our credentials, as they are now. Safe to use from any thread; `close` it."""

    def __init__(self, store: CredentialStore) -> None:
        """Raises NotEnrolled, BadServer."""
        self._store = store
        self._lock = threading.Lock()
        self.current: Credentials = store.load()
        self._rest = RestClient(self.current.server, self.current.ca_file, self.current.insecure)
        self._clock = ServerClock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="server-credentials", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._wake.set()
        self._thread.join(timeout=1.0)

    def renew(self) -> None:
        """A new worker JWT for the one we hold. Raises ServerRefused, Unreachable."""
        with self._lock:
            token = self.current.worker_jwt
            answer = self._rest.post("/api/workers/refresh-token", {}, bearer=token)
            given = Grant.from_response(answer)
            self._clock.synchronize(answer.date)
            self._update(worker_jwt=given.worker_jwt, renew_at=given.renew_at(answer))

    def recover(self) -> None:
        """New credentials for the recovery secret. Raises ServerRefused, Unreachable.

        Both secrets are kept until we have connected: were this answer lost, or the next, one of
        them would still be good.
        """
        with self._lock:
            secret, answer = self._present_secrets()
            given = Grant.from_response(answer)
            self._clock.synchronize(answer.date)
            self._update(
                worker_jwt=given.worker_jwt,
                renew_at=given.renew_at(answer),
                recovery_secret=given.recovery_secret or secret,
                previous_secret=secret,
            )

    def confirm_connected(self, server_time: str) -> None:
        """Notes that this machine has connected: forgets the recovery secret before the current
        one, which the server honours no more, and sets the clock by `server_time`."""
        try:
            self._clock.synchronize(_epoch_seconds(datetime.fromisoformat(server_time)))
        except ValueError:
            log.warning("the server's time makes no sense: %.40r", server_time)
        self._wake.set()
        with self._lock:
            if self.current.previous_secret is not None:
                self._update(previous_secret=None)

    def _update(self, **changes: object) -> None:
        renewed = msgspec.structs.replace(self.current, **changes)
        self._store.save(renewed)
        self.current = renewed

    def _present_secrets(self) -> tuple[str, Response]:
        known = self.current
        try:
            return known.recovery_secret, self._present_secret(known.recovery_secret)
        except ServerRefused:
            if known.previous_secret is None:
                raise
            return known.previous_secret, self._present_secret(known.previous_secret)

    def _present_secret(self, secret: str) -> Response:
        asked = {"machineId": self.current.machine_id, "recoverySecret": secret}
        return self._rest.post("/api/workers/recover", asked)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait(min(max(1.0, self.current.renew_at - self._clock.now()), _POLL_SECONDS))
            self._wake.clear()
            if self._stopped.is_set() or self._clock.now() < self.current.renew_at:
                continue
            try:
                self.renew()
            except (ServerRefused, Unreachable) as error:
                # Should the token be dead already, connecting will say so and recover.
                log.warning("the worker token could not be renewed: %s", error)
                self._stopped.wait(_RETRY_DELAY_SECONDS)
            except OSError as error:
                log.error("the credentials could not be written: %s", error)
                self._stopped.wait(_RETRY_DELAY_SECONDS)


def _epoch_seconds(moment: datetime) -> float:
    """Since the epoch; a time without a zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
