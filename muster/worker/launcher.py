"""`worker run`: the release that is chosen, its daemon, and what takes its place."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from muster.worker.daemon import Daemon
from muster.worker.layout import Layout
from muster.worker.server.credentials import CredentialStore, NotEnrolled
from muster.worker.server.rest_client import RestClient, ServerRefused, Unreachable
from muster.worker.upgrades import canary, choice, releases
from muster.worker.upgrades.canary import Canary, Watchdog
from muster.worker.upgrades.choice import ReleaseChoice

log = logging.getLogger(__name__)


def run(home: Path, arguments: Sequence[str], daemon: Callable[[Watchdog | None], Daemon]) -> int:
    """Runs the daemon of the release that is chosen for this home: that which `daemon` makes, or,
    in this process, another release's. `arguments` are those of `worker run`; returns its status.
    """
    layout, stopping = Layout(home), _Shutdown()
    if canary.WATCHDOG_VARIABLE in os.environ:
        made = daemon(Watchdog(stopping.stop))
        stopping.set_on_stop(made.stop)
        made.run()
        return 0
    if other := _chosen_interpreter(layout):
        canary.exec_worker(other, arguments)
    made = daemon(None)
    stopping.set_on_stop(made.stop)
    made.run()
    if made.upgrades.canary_choice is None:
        return 0
    if _is_erased(layout):
        return 0
    tried = Canary(layout, arguments, lambda: _is_reachable(layout), stopping.requested)
    following = tried.run(made.upgrades.canary_choice, made.upgrades.canary_seconds)
    if _is_erased(layout):
        return 0
    if following and stopping.continues():
        canary.exec_worker(following, arguments)
    made.stop_orphans()
    return 0


class _Shutdown:
    """What ends this process: SIGTERM, SIGINT, and whoever tries us."""

    def __init__(self) -> None:
        self.requested = threading.Event()
        self._on_stop: Callable[[], None] = lambda: os._exit(1)  # there is nothing yet to put away

    def set_on_stop(self, act: Callable[[], None]) -> None:
        """From here on it is this that is done, on a thread of its own."""
        self._on_stop = act
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def continues(self) -> bool:
        """Whether nothing was told; from here on a signal ends us at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        return not self.requested.is_set()

    def stop(self) -> None:
        self.requested.set()
        self._on_stop()

    def _on_signal(self, _number: int, _frame: object) -> None:
        # The second one does not wait for anything.
        for signalled in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signalled, lambda *_: os._exit(1))
        self.requested.set()  # not only on the thread: what comes next may look at it
        threading.Thread(target=self.stop, name="stop", daemon=True).start()


def _chosen_interpreter(layout: Layout) -> Path | None:
    """The interpreter of the release that is to run in our place."""
    known = choice.recover_interrupted(layout)
    if known is None or not known.release or releases.running_release(layout):
        return None
    python, why = releases.python_path(layout, known.release), "it is not there"
    if releases.is_complete(layout, known.release):
        try:
            why = releases.startup_problem(python)
        except OSError as error:
            # A machine at its boot, say. The one before may be too old for the server by now.
            log.warning("release %s is run without a look at it: %s", known.release, error)
            return python
    if not why:
        return python
    log.error("release %s cannot be run any more (%s); the installed one is", known.release, why)
    with suppress(OSError):  # of a full disk: the next start looks again
        choice.save(layout, ReleaseChoice(known.base))
    return None


def _is_erased(layout: Layout) -> bool:
    """Whether this machine was decommissioned, and the daemon that heard so has erased all: the
    credentials go last."""
    if layout.credentials.exists():
        return False
    log.warning("this machine has been decommissioned, and no release follows")
    return True


def _is_reachable(layout: Layout) -> bool:
    """Whether we could be at work with the server now."""
    try:
        known = CredentialStore(layout.credentials).load()
        RestClient(known.server, known.ca_file, known.insecure).get("/readyz")
    except (NotEnrolled, ServerRefused, Unreachable):
        return False
    return True
