"""What becomes of the release that the server offers: prepared beside what runs, then switched to
in a moment that costs nobody anything. On a thread of its own."""

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
from muster.worker.server.rest_client import Rest, is_plain
from muster.worker.upgrades import choice, releases
from muster.worker.upgrades.canary import SECONDS
from muster.worker.upgrades.choice import Choice, Failed
from muster.worker.upgrades.preparation import Broken, Cancelled, NotPrepared, Preparation

_LOOK = 1.0  # seconds between two looks whether the moment has come
# Seconds until what could not be prepared is tried again: at first, at most.
_AGAIN = (60.0, 3600.0)
_OWED_AFTER = 600.0  # seconds of a daemon's life after which the second try of a release begins
_ONCE_MORE = f"it is tried once more within {_OWED_AFTER / 60:.0f} min"
_ANOTHER = "it is tried again when the server carries another package"
_LEAST = 5.0  # seconds that a trial takes at least

KEPT = UpgradeFacts("kept", why="this machine's operator keeps its release (--keep-release)")
PLAIN = UpgradeFacts("kept", why="over plain HTTP it takes no release: use https")
TRIED = UpgradeFacts("preparing", __version__, "it is tried: the server has to answer it")
UNABLE = UpgradeFacts("unable", why="the worker runs from a checkout, which no release takes over")

log = logging.getLogger(__name__)


class Situation(msgspec.Struct, frozen=True):
    """What the daemon is at. `connected`: the server hears us, and its word of this connection has
    come. `busy`: why this is no moment to leave, in words, empty where it is one; `open`: likewise,
    where it is said to be now. `lease`: seconds that it lasts, None: no end is known."""

    connected: bool
    busy: str = ""
    open: str = ""
    lease: float | None = None

    def trial_seconds(self) -> float:
        """How long a trial may take, so that the one before comes back within the lease."""
        return SECONDS if self.lease is None else min(SECONDS, self.lease / 2)


class Upgrades:
    """`start` it, `close` it. `begun` is the choice by which a release is to be tried once the
    daemon has ended, within `seconds`."""

    def __init__(
        self,
        layout: Layout,
        server: Callable[[], Credentials],
        situation: Callable[[], Situation],
        leave: Callable[[], None],
        changed: Callable[[], None],
        *,
        keeps: bool = False,
        is_tried: bool = False,
    ) -> None:
        """`leave` ends the daemon, so that what it runs goes on; `changed` is called when there is
        something new in `facts`. `keeps`: this machine takes no release; `is_tried`: nor
        does this daemon, which is one that is tried. Nor does one over plain HTTP."""
        self._layout, self._server, self._situation = layout, server, situation
        self._leave, self._changed = leave, changed
        self.begun: Choice | None = None
        self.seconds = SECONDS
        self._born = monotonic()
        stays = TRIED if is_tried else KEPT if keeps else None
        # What comes over it is anybody's on the way, also the hashes.
        stays = stays or (PLAIN if is_plain(server().server) else None)
        self._choice = None if stays else choice.current(layout)
        self._running = releases.running(layout)
        self.facts = stays or (UpgradeFacts("current") if self._choice else UNABLE)
        self._offer = Upgrade()
        self._prepared = ""
        self._tries, self._not_before = 0, 0.0
        self._woken, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name="upgrades", daemon=True)

    def start(self) -> None:
        if self._choice is not None:
            self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._woken.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=5.0)

    def hear(self, offer: Upgrade) -> None:
        """The server's word, in place of the one before. Waits for nothing."""
        if offer.release != self._offer.release:
            self._tries, self._not_before = 0, 0.0
        self._offer = offer
        self._woken.set()

    # On its thread

    def _keep(self) -> None:
        while not self._over.is_set():
            self._woken.wait(_LOOK if self._offer.release else None)
            self._woken.clear()
            try:
                if not self._over.is_set():
                    self._look(self._offer)
            except Cancelled:
                return
            except Exception:
                # The machine goes on with what it has.
                log.exception("the release that is offered is not looked at any more")
                return

    def _look(self, offer: Upgrade) -> None:
        release = offer.release
        assert self._choice is not None
        if release is None or releases.name(release) == self._running:
            self._say(UpgradeFacts("current"))
        elif failed := self._has_failed(release):
            self._say_failed(failed)
        elif monotonic() >= self._not_before:
            self._go_on(offer, release)

    def _has_failed(self, release: Release) -> Failed | None:
        """What it has failed of, where it is not to be tried again, or not yet."""
        assert self._choice is not None
        failed = self._choice.failed
        if failed is None or failed.release != releases.name(release):
            return None
        is_time = failed.is_owed and monotonic() > self._born + _OWED_AFTER
        return None if is_time else failed

    def _go_on(self, offer: Upgrade, release: Release) -> None:
        try:
            if self._prepared != releases.name(release):
                self._prepare(release)  # for minutes, in which the offer may become another
            if offer == self._offer:
                self._switch_or_wait(offer, release)
        except Broken as error:
            self._give_up(release, str(error))
        except (NotPrepared, OSError) as error:  # a full disk, say, also where it is switched to
            if release == self._offer.release:
                self._try_later(release, str(error))

    def _prepare(self, release: Release) -> None:
        assert self._choice is not None
        if not self._tries:
            self._say(UpgradeFacts("preparing", release.version))
        known = self._server()
        rest = Rest(known.server, known.ca_file, known.insecure)
        kept = {self._running, self._choice.release, releases.name(release)}
        Preparation(self._layout, release, rest, self._over).make(kept)
        self._prepared = releases.name(release)
        log.info("release %s is prepared", release.version)

    def _try_later(self, release: Release, why: str) -> None:
        first, most = _AGAIN
        pause = min(most, first * 2**self._tries) * random.uniform(0.5, 1.0)
        self._tries += 1
        self._not_before = monotonic() + pause
        log.warning("release %s could not be prepared: %s", release.version, why)
        words = f"it could not be prepared, and is tried again: {why}"
        self._say(UpgradeFacts("preparing", release.version, words))

    def _give_up(self, release: Release, why: str) -> None:
        """Of one that does not even start nothing has to be tried."""
        assert self._choice is not None
        log.error("release %s does not start: %s", release.version, why)
        failed = Failed(releases.name(release), release.version, f"it does not start: {why}")
        self._choice = msgspec.structs.replace(self._choice, failed=failed)
        with suppress(OSError):  # then the next life of the daemon finds it out once more
            choice.save(self._layout, self._choice)
        self._say_failed(failed)

    def _switch_or_wait(self, offer: Upgrade, release: Release) -> None:
        now = self._situation()
        busy = now.open or (now.busy if offer.when == "idle" else "")
        if busy:
            self._say(UpgradeFacts("waiting", release.version, busy))
        elif now.connected and now.trial_seconds() >= _LEAST:
            self._switch(release, now.trial_seconds())

    def _switch(self, release: Release, seconds: float) -> None:
        assert self._choice is not None
        begun = msgspec.structs.replace(
            self._choice, trying=releases.name(release), version=release.version
        )
        choice.save(self._layout, begun)
        self.seconds, self.begun = seconds, begun
        self._over.set()
        log.info("leaving for release %s", release.version)
        self._leave()

    def _say_failed(self, failed: Failed) -> None:
        words = f"{failed.why}; {_ONCE_MORE if failed.is_owed else _ANOTHER}"
        self._say(UpgradeFacts("failed", failed.version, words))

    def _say(self, facts: UpgradeFacts) -> None:
        if facts != self.facts:
            self.facts = facts
            self._changed()
