"""A flood is watched through cuts: no byte is missed in silence, and the log has them all."""

import contextlib
import threading
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed

from muster.protocol.terminal import CloseCode
from tests.app.terminals.endpoints import Viewer, ask_token
from tests.flows.running_stack import FollowedTask, wait_for
from tests.gunicorns import SERVERS
from tests.outages.pair import Pair

MORE = 300_000  # bytes: the flood goes on meanwhile


class Follower:
    """Looks at a task's terminal from its first byte on, and comes back after every cut.

    `data` is all it has seen, with zeros in place of `gaps`; complete when it is `closed`.
    """

    def __init__(self, pair: Pair, task: FollowedTask) -> None:
        self._pair, self._task = pair, task
        self.data = bytearray()
        self.gaps: list[tuple[int, int]] = []
        self.offset = self.comings = 0
        self.code: int | None = None
        self._viewer: Viewer | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)

    def cut(self) -> None:
        """As a train's wifi does."""
        assert self._viewer is not None
        self._viewer.cut()

    def wait_for(self, offset: int) -> None:
        wait_for(lambda: self.offset >= offset or not self._thread.is_alive(), f"byte {offset}")
        assert self.offset >= offset, f"closed with {self.code}"

    def wait_for_more(self) -> None:
        self.wait_for(self.offset + MORE)

    def wait_until_closed(self) -> int | None:
        """With what, for good."""
        wait_for(lambda: not self._thread.is_alive(), "end")
        return self.code

    def _follow(self) -> None:
        while not self._over.is_set() and self.code is None:
            # Refused, cut off, or told to come again: it does.
            with contextlib.suppress(ConnectionClosed, OSError, EOFError):
                self._view_once()

    def _view_once(self) -> None:
        address, bearer = self._pair.address, self._pair.api.token
        status, body = ask_token(address, self._task.id, bearer)
        if status != 200:
            return
        asked, token = self.offset, body["channelToken"]
        viewer = self._viewer = Viewer(address, self._task.id, bearer, token, resume_from=asked)
        try:
            viewer.get_ready(30)
            assert viewer.start == asked
            self.comings += 1
            while not self._over.is_set():
                with contextlib.suppress(TimeoutError):
                    viewer.receive(1.0)
                self.offset = viewer.offset
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code == CloseCode.ENDED:
                self.code = CloseCode.ENDED
        finally:
            self.data += viewer.data
            self.gaps += viewer.gaps
            self.offset = asked + len(viewer.data)
            viewer.close()


class Flood:
    """A task that waits for `begin`, then prints numbers until it is told to `stop`, and then stays
    until it may `end`."""

    def __init__(self, pair: Pair, key: str) -> None:
        self._begun, self._stopped, self._counted, self._ended = (
            pair.notes / f"{key}-{word}" for word in ("begin", "stop", "count", "end")
        )
        burst = "seq $((i * 5000 + 1)) $((i * 5000 + 5000)); i=$((i + 1)); sleep 0.02"
        command = (
            f"until [ -e {self._begun} ]; do sleep 0.02; done; i=0; "
            f"until [ -e {self._stopped} ]; do {burst}; done; "
            f"echo $((i * 5000)) > {self._counted}.new; mv {self._counted}.new {self._counted}; "
            f"until [ -e {self._ended} ]; do sleep 0.02; done"
        )
        self.task = pair.task(pair.project(key, {"name": "f", "kind": "shell", "command": command}))
        self.task.wait_for_status("running")

    def begin(self) -> None:
        self._begun.touch()

    def stop(self) -> bytes:
        """All that it has printed."""
        self._stopped.touch()
        wait_for(self._counted.exists, "end of the flood")
        return b"".join(b"%d\r\n" % n for n in range(1, int(self._counted.read_text()) + 1))

    def end(self) -> None:
        self._ended.touch()


# ---- cuts ----------------------------------------------------------------------------------------


def kill(pair: Pair, name: str) -> None:
    """At once: a worker whose master alone is killed serves on for a while."""
    for process in pair.processes_of(name):
        process.kill()


def viewers_socket(pair: Pair, follower: Follower) -> None:
    follower.cut()


def machines_sockets(pair: Pair, follower: Follower) -> None:
    pair.way.cut()


def viewers_server(pair: Pair, follower: Follower) -> None:
    pair.people.lead_to(pair.ports[SERVERS[1]])
    kill(pair, SERVERS[0])


def machines_server(pair: Pair, follower: Follower) -> None:
    pair.way.lead_to(pair.ports[SERVERS[0]])
    kill(pair, SERVERS[1])


@pytest.mark.parametrize(
    ("cut", "times", "comings"),
    [
        pytest.param(viewers_socket, 4, 5, id="the viewer's socket"),
        pytest.param(machines_sockets, 4, 1, id="the machine's sockets"),
        pytest.param(viewers_server, 1, 2, id="the viewer's server"),
        pytest.param(machines_server, 1, 1, id="the machine's server"),
    ],
)
def test_what_is_cut_in_a_flood_loses_no_byte_in_silence(
    cut: Callable[[Pair, Follower], None], times: int, comings: int, pair: Pair
) -> None:
    """The two ends are at two servers."""
    pair.start_machine_at(SERVERS[1])
    pair.people.lead_to(pair.ports[SERVERS[0]])
    flood = Flood(pair, f"CUT-{cut.__name__}")
    with Follower(pair, flood.task) as follower:
        wait_for(lambda: follower.comings, "viewer")
        flood.begin()
        for _ in range(times):
            follower.wait_for_more()
            cut(pair, follower)
            follower.wait_for_more()
        printed = flood.stop()
        follower.wait_for(len(printed))
        flood.end()
        assert follower.wait_until_closed() == CloseCode.ENDED
    flood.task.wait_for_status("completed")
    assert follower.comings >= comings
    at = 0
    for start, end in [*follower.gaps, (len(printed), len(printed))]:
        assert follower.data[at:start] == printed[at:start]
        at = end
    assert len(follower.data) == len(printed)
    assert flood.task.log() == printed
