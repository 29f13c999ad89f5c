"""Renew tokens in time, and recover them when it is too late."""

import logging
import threading
from datetime import UTC, datetime

import msgspec

from muster.worker.clock import ServerClock
from muster.worker.server.credentials import Credentials, CredentialStore
from muster.worker.server.rest_client import Response, RestClient, ServerRefused, Unreachable

_RETRY_DELAY_SECONDS = 60.0  # seconds until a failed renewal is retried
_POLL_SECONDS = 3600.0  # seconds between checks of the clock, for a machine that was suspended

log = logging.getLogger(__name__)


class Grant(msgspec.Struct, rename="camel"):
    """The server's response to an authenticated machine: a token, and a new recovery secret unless
    only the token was renewed."""

    worker_jwt: str
    expires_at: datetime
    recovery_secret: str = ""

    @classmethod
    def from_response(cls, answer: Response) -> "Grant":
        """Return the grant in a response. Raises Unreachable if it has none."""
        try:
            return msgspec.json.decode(answer.body, type=cls)
        except msgspec.DecodeError as error:
            raise Unreachable(f"the server's response is invalid: {error}") from None

    def renew_at(self, answer: Response) -> float:
        """The end of two thirds of the token's life, by the server's clock, because ours may have a
        wrong date."""
        return answer.date + max(0.0, _epoch_seconds(self.expires_at) - answer.date) * 2 / 3


class TokenRenewal:
    """Our current credentials. Safe to use from any thread; `close` it."""

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
        """Get a new worker JWT for the current one. Raises ServerRefused, Unreachable."""
        with self._lock:
            token = self.current.worker_jwt
            answer = self._rest.post("/api/workers/refresh-token", {}, bearer=token)
            given = Grant.from_response(answer)
            self._clock.synchronize(answer.date)
            self._update(worker_jwt=given.worker_jwt, renew_at=given.renew_at(answer))

    def recover(self) -> None:
        """Get new credentials for the recovery secret. Raises ServerRefused, Unreachable.

        Both secrets are stored until we have connected: if this response is lost, or the next, one
        of them is still valid.
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
        """Record that this machine has connected: remove the previous recovery secret, which the
        server no longer accepts, and set the clock to `server_time`."""
        try:
            self._clock.synchronize(_epoch_seconds(datetime.fromisoformat(server_time)))
        except ValueError:
            log.warning("the server's time is invalid: %.40r", server_time)
        self._wake.set()
        with self._lock:
            if self.current.previous_secret is not None:
                self._update(previous_secret=None)

    def fetch_file(self, path: str, largest: int) -> bytes:
        """Return a file of the server, as this machine. Raises ServerRefused, Unreachable."""
        return self._rest.get(path, largest, bearer=self.current.worker_jwt)

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
                # If the token has already expired, connecting fails with that error and recovers
                # it.
                log.warning("can't renew the worker token: %s", error)
                self._stopped.wait(_RETRY_DELAY_SECONDS)
            except OSError as error:
                log.error("can't write the credentials: %s", error)
                self._stopped.wait(_RETRY_DELAY_SECONDS)


def _epoch_seconds(moment: datetime) -> float:
    """Return seconds since the epoch; a time without a zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
