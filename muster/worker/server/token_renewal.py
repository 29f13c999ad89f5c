"""Staying known to the server: tokens are renewed in time, and recovered when it is too late."""

import logging
import threading
from datetime import UTC, datetime

import msgspec

from muster.worker.clock import ServerClock
from muster.worker.server.credentials import Credentials, CredentialStore
from muster.worker.server.rest_client import Response, Rest, ServerRefused, Unreachable

_RETRY = 60.0  # seconds until a renewal that failed is tried again
_LOOK = 3600.0  # seconds between two looks at the clock, which a suspended machine needs

log = logging.getLogger(__name__)


class Grant(msgspec.Struct, rename="camel"):
    """The server's answer to a machine that has proved who it is: a token, and a new recovery
    secret unless only the token was renewed."""

    worker_jwt: str
    expires_at: datetime
    recovery_secret: str = ""

    @classmethod
    def read(cls, answer: Response) -> "Grant":
        """The grant in a response. Raises Unreachable if there is none in it."""
        try:
            return msgspec.json.decode(answer.body, type=cls)
        except msgspec.DecodeError as error:
            raise Unreachable(f"the server's answer makes no sense: {error}") from None

    def renewal(self, answer: Response) -> float:
        """When two thirds of the token's life will be over, by the server's clock: ours may be
        wrong about the date."""
        return answer.date + max(0.0, _seconds(self.expires_at) - answer.date) * 2 / 3


class Membership:
    """Our credentials, as they are now. Safe to use from any thread; `close` it."""

    def __init__(self, store: CredentialStore) -> None:
        """Raises NotEnrolled, BadServer."""
        self._store = store
        self._lock = threading.Lock()
        self.current: Credentials = store.load()
        self._rest = Rest(self.current.server, self.current.ca_file, self.current.insecure)
        self._clock = ServerClock()
        self._woken = threading.Event()
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="server-credentials", daemon=True)
        self._keeper.start()

    def close(self) -> None:
        self._over.set()
        self._woken.set()
        self._keeper.join(timeout=1.0)

    def renew(self) -> None:
        """A new worker JWT for the one we hold. Raises ServerRefused, Unreachable."""
        with self._lock:
            token = self.current.worker_jwt
            answer = self._rest.post("/api/workers/refresh-token", {}, bearer=token)
            given = Grant.read(answer)
            self._clock.told(answer.date)
            self._keep_these(worker_jwt=given.worker_jwt, renew_at=given.renewal(answer))

    def recover(self) -> None:
        """New credentials for the recovery secret. Raises ServerRefused, Unreachable.

        Both secrets are kept until we have connected: were this answer lost, or the next, one of
        them would still be good.
        """
        with self._lock:
            secret, answer = self._present_secrets()
            given = Grant.read(answer)
            self._clock.told(answer.date)
            self._keep_these(
                worker_jwt=given.worker_jwt,
                renew_at=given.renewal(answer),
                recovery_secret=given.recovery_secret or secret,
                previous_secret=secret,
            )

    def settle(self, server_time: str) -> None:
        """Notes that this machine has connected: forgets the recovery secret before the current
        one, which the server honours no more, and sets the clock by `server_time`."""
        try:
            self._clock.told(_seconds(datetime.fromisoformat(server_time)))
        except ValueError:
            log.warning("the server's time makes no sense: %.40r", server_time)
        self._woken.set()
        with self._lock:
            if self.current.previous_secret is not None:
                self._keep_these(previous_secret=None)

    def _keep_these(self, **changes: object) -> None:
        renewed = msgspec.structs.replace(self.current, **changes)
        self._store.save(renewed)
        self.current = renewed

    def _present_secrets(self) -> tuple[str, Response]:
        known = self.current
        try:
            return known.recovery_secret, self._present(known.recovery_secret)
        except ServerRefused:
            if known.previous_secret is None:
                raise
            return known.previous_secret, self._present(known.previous_secret)

    def _present(self, secret: str) -> Response:
        asked = {"machineId": self.current.machine_id, "recoverySecret": secret}
        return self._rest.post("/api/workers/recover", asked)

    def _keep(self) -> None:
        while not self._over.is_set():
            self._woken.wait(min(max(1.0, self.current.renew_at - self._clock.now()), _LOOK))
            self._woken.clear()
            if self._over.is_set() or self._clock.now() < self.current.renew_at:
                continue
            try:
                self.renew()
            except (ServerRefused, Unreachable) as error:
                # Should the token be dead already, connecting will say so and recover.
                log.warning("the worker token could not be renewed: %s", error)
                self._over.wait(_RETRY)
            except OSError as error:
                log.error("the credentials could not be written: %s", error)
                self._over.wait(_RETRY)


def _seconds(moment: datetime) -> float:
    """Since the epoch; a time without a zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
