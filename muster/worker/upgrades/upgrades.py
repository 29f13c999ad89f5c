"""Upgrade to the release that the server offers: prepare it next to the running one, then switch to
it when that costs nobody anything. On its own thread."""

import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import msgspec

from muster import __version__
from muster.protocol.frames import Release, Upgrade, UpgradeFacts
from muster.worker.layout import Layout
from muster.worker.server.credentials import Credentials
from muster.worker.server.rest_client import RestClient, is_plain_http
from muster.worker.upgrades import choice, releases
from muster.worker.upgrades.canary import CANARY_TIMEOUT_SECONDS
from muster.worker.upgrades.choice import FailedRelease, ReleaseChoice
from muster.worker.upgrades.preparation import BrokenRelease, Cancelled, NotPrepared, Preparation

_POLL_SECONDS = 1.0  # seconds between checks whether it is time
# Seconds until a failed preparation is retried: at first, at most.
_RETRY_DELAYS_SECONDS = (60.0, 3600.0)
_SECOND_TRY_AFTER_SECONDS = (
    600.0  # seconds after the daemon's start until the second try of a release
)
_SECOND_TRY_HINT = f"it will be tried once more within {_SECOND_TRY_AFTER_SECONDS / 60:.0f} min"
_NEXT_PACKAGE_HINT = "it will be tried again when the server has another package"
_MIN_CANARY_SECONDS = 5.0  # minimum seconds for a canary

OPTED_OUT = UpgradeFacts(
    "kept", reason="this machine's operator disabled upgrades (--no-auto-upgrade)"
)
PLAIN_HTTP = UpgradeFacts(
    "kept", reason="the worker installs no releases over plain HTTP: use https"
)
RUNNING_AS_CANARY = UpgradeFacts(
    "preparing", __version__, "running as a canary: the server must answer it"
)
UNSUPPORTED = UpgradeFacts(
    "unable", reason="the worker runs from a checkout, which releases can't replace"
)

log = logging.getLogger(__name__)


class UpgradeReadiness(msgspec.Struct, frozen=True):
    """The daemon's state. `connected`: the server has answered on this connection and sent its
    offer. `busy`: why this is no time to exit, in words, else empty; `open`: the same, for a reason
    that only users can end. `lease`: its remaining seconds, None: unlimited."""

    connected: bool
    busy: str = ""
    open: str = ""
    lease: float | None = None

    def canary_seconds(self) -> float:
        """Return how long a canary may run, so that the previous release is back within the
        lease."""
        return (
            CANARY_TIMEOUT_SECONDS
            if self.lease is None
            else min(CANARY_TIMEOUT_SECONDS, self.lease / 2)
        )


class Upgrades:
    """`start` it, `close` it. `canary_choice` is the choice with the canary to run after the daemon
    has exited, for up to `canary_seconds`."""

    def __init__(
        self,
        layout: Layout,
        server: Callable[[], Credentials],
        situation: Callable[[], UpgradeReadiness],
        leave: Callable[[], None],
        changed: Callable[[], None],
        *,
        keeps: bool = False,
        is_tried: bool = False,
    ) -> None:
        """`leave` ends the daemon and leaves its attempts running; `changed` is called when `facts`
        changes. `keeps`: this machine installs no releases; `is_tried`: nor does this daemon, which
        is a canary. Nor does one over plain HTTP."""
        self._layout, self._server, self._readiness = layout, server, situation
        self._leave, self._changed = leave, changed
        self.canary_choice: ReleaseChoice | None = None
        self.canary_seconds = CANARY_TIMEOUT_SECONDS
        self._started_at = monotonic()
        stays = RUNNING_AS_CANARY if is_tried else OPTED_OUT if keeps else None
        # Anyone on the way could change it, including the hashes.
        stays = stays or (PLAIN_HTTP if is_plain_http(server().server) else None)
        self._choice = None if stays else choice.current(layout)
        self._running = releases.running_release(layout)
        self.facts = stays or (UpgradeFacts("current") if self._choice else UNSUPPORTED)
        self._offer = Upgrade()
        self._prepared_name = ""
        self._failed_tries, self._not_before = 0, 0.0
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="upgrades", daemon=True)

    def start(self) -> None:
        if self._choice is not None:
            self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=5.0)

    def set_offer(self, offer: Upgrade) -> None:
        """Set the server's offer. Doesn't block."""
        if offer.release != self._offer.release:
            self._failed_tries, self._not_before = 0, 0.0
        self._offer = offer
        self._wake.set()

    # On its thread

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait(_POLL_SECONDS if self._offer.release else None)
            self._wake.clear()
            try:
                if not self._stopped.is_set():
                    self._check_offer(self._offer)
            except Cancelled:
                return
            except Exception:
                # The machine continues with its current release.
                log.exception("ignoring the offered release after an error")
                return

    def _check_offer(self, offer: Upgrade) -> None:
        release = offer.release
        assert self._choice is not None
        if release is None or releases.release_name(release) == self._running:
            self._set_facts(UpgradeFacts("current"))
        elif failed := self._has_failed(release):
            self._report_failed(failed)
        elif monotonic() >= self._not_before:
            self._prepare_and_switch(offer, release)

    def _has_failed(self, release: Release) -> FailedRelease | None:
        """Return why it failed before, if it must not be tried again, or not yet."""
        assert self._choice is not None
        failed = self._choice.failed
        if failed is None or failed.release != releases.release_name(release):
            return None
        is_time = failed.may_retry and monotonic() > self._started_at + _SECOND_TRY_AFTER_SECONDS
        return None if is_time else failed

    def _prepare_and_switch(self, offer: Upgrade, release: Release) -> None:
        try:
            if self._prepared_name != releases.release_name(release):
                self._prepare(release)  # for minutes, in which the offer may change
            if offer == self._offer:
                self._switch_or_wait(offer, release)
        except BrokenRelease as error:
            self._give_up(release, str(error))
        except (NotPrepared, OSError) as error:  # for example a full disk, also during the switch
            if release == self._offer.release:
                self._retry_later(release, str(error))

    def _prepare(self, release: Release) -> None:
        assert self._choice is not None
        if not self._failed_tries:
            self._set_facts(UpgradeFacts("preparing", release.version))
        known = self._server()
        rest = RestClient(known.server, known.ca_file, known.insecure)
        kept = {self._running, self._choice.release, releases.release_name(release)}
        Preparation(self._layout, release, rest, self._stopped).make(kept)
        self._prepared_name = releases.release_name(release)
        log.info("release %s is prepared", release.version)

    def _retry_later(self, release: Release, why: str) -> None:
        first, most = _RETRY_DELAYS_SECONDS
        pause = min(most, first * 2**self._failed_tries) * random.uniform(0.5, 1.0)
        self._failed_tries += 1
        self._not_before = monotonic() + pause
        log.warning("can't prepare release %s: %s", release.version, why)
        words = f"it couldn't be prepared and will be retried: {why}"
        self._set_facts(UpgradeFacts("preparing", release.version, words))

    def _give_up(self, release: Release, why: str) -> None:
        """Record a release that doesn't even start: it needs no canary."""
        assert self._choice is not None
        log.error("release %s doesn't start: %s", release.version, why)
        failed = FailedRelease(
            releases.release_name(release), release.version, f"it doesn't start: {why}"
        )
        self._choice = msgspec.structs.replace(self._choice, failed=failed)
        with suppress(OSError):  # then the next daemon detects it again
            choice.save(self._layout, self._choice)
        self._report_failed(failed)

    def _switch_or_wait(self, offer: Upgrade, release: Release) -> None:
        now = self._readiness()
        busy = now.open or (now.busy if offer.when == "idle" else "")
        if busy:
            self._set_facts(UpgradeFacts("waiting", release.version, busy))
        elif now.connected and now.canary_seconds() >= _MIN_CANARY_SECONDS:
            self._switch(release, now.canary_seconds())

    def _switch(self, release: Release, seconds: float) -> None:
        assert self._choice is not None
        begun = msgspec.structs.replace(
            self._choice, canary=releases.release_name(release), version=release.version
        )
        choice.save(self._layout, begun)
        self.canary_seconds, self.canary_choice = seconds, begun
        self._stopped.set()
        log.info("exiting for release %s", release.version)
        self._leave()

    def _report_failed(self, failed: FailedRelease) -> None:
        words = f"{failed.reason}; {_SECOND_TRY_HINT if failed.may_retry else _NEXT_PACKAGE_HINT}"
        self._set_facts(UpgradeFacts("failed", failed.version, words))

    def _set_facts(self, facts: UpgradeFacts) -> None:
        if facts != self.facts:
            self.facts = facts
            self._changed()
