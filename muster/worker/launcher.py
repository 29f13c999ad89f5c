"""`worker run`: run the chosen release's daemon, and replace this process by the next release."""

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
    """Run the daemon of this home's chosen release: `daemon` creates it or, in this process,
    another release does. `arguments` are those of `worker run`; returns the exit status.
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
    """Ends this process on SIGTERM, SIGINT, or when its parent stops a canary."""

    def __init__(self) -> None:
        self.requested = threading.Event()
        self._on_stop: Callable[[], None] = lambda: os._exit(1)  # there is nothing to close yet

    def set_on_stop(self, act: Callable[[], None]) -> None:
        """Set the function that runs on a stop, on its own thread."""
        self._on_stop = act
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def continues(self) -> bool:
        """Whether no stop was requested; from now on a signal ends us at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        return not self.requested.is_set()

    def stop(self) -> None:
        self.requested.set()
        self._on_stop()

    def _on_signal(self, _number: int, _frame: object) -> None:
        # The second signal waits for nothing.
        for signalled in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signalled, lambda *_: os._exit(1))
        self.requested.set()  # not only on the thread, because the next step may read it
        threading.Thread(target=self.stop, name="stop", daemon=True).start()


def _chosen_interpreter(layout: Layout) -> Path | None:
    """Return the interpreter of the release to run instead of ours."""
    known = choice.recover_interrupted(layout)
    if known is None or not known.release or releases.running_release(layout):
        return None
    python, why = releases.python_path(layout, known.release), "it doesn't exist"
    if releases.is_complete(layout, known.release):
        try:
            why = releases.startup_problem(python)
        except OSError as error:
            # A machine that boots, for example. The previous release may be too old for the server
            # by now.
            log.warning("running release %s without a canary: %s", known.release, error)
            return python
    if not why:
        return python
    log.error("can't run release %s anymore (%s); running the installed one", known.release, why)
    with suppress(OSError):  # on a full disk: the next start checks again
        choice.save(layout, ReleaseChoice(known.base))
    return None


def _is_erased(layout: Layout) -> bool:
    """Whether this machine was decommissioned and its daemon has deleted everything: the
    credentials go last.
    """
    if layout.credentials.exists():
        return False
    log.warning("this machine was decommissioned, so no release follows")
    return True


def _is_reachable(layout: Layout) -> bool:
    """Whether we could work with the server now."""
    try:
        known = CredentialStore(layout.credentials).load()
        RestClient(known.server, known.ca_file, known.insecure).get("/readyz")
    except (NotEnrolled, ServerRefused, Unreachable):
        return False
    return True
