"""No byte is damaged on its way to a slow reader."""

import os
import socket
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from websockets.sync.client import connect

from app.embedded import ports
from app.sockets import SendAllSocket, set_user_timeout
from tests.app.flood_app import FRAMES, WRITERS, frame
from tests.gunicorns import gunicorn


def test_a_flood_from_several_writers_reaches_a_slow_reader_whole(tmp_path: Path) -> None:
    """A real gunicorn with gevent, a reader with a small buffer that dawdles, pongs in between.

    Without `app.sockets` it fails each time, in the first frame already: where a write was cut
    short the head of the next frame (0x82) lies in the middle of the bytes. To see it, run this
    with PLAIN_SOCKETS=1 in the environment.
    """
    env = {"PATH": os.environ["PATH"], "MUSTER_HOME": str(tmp_path), "MUSTER_WEB_WORKERS": "1"}
    if "PLAIN_SOCKETS" in os.environ:
        env["PLAIN_SOCKETS"] = "1"
    with gunicorn(tmp_path, env, app="tests.app.flood_app:app") as server:
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        small.connect((ports.LOOPBACK, server.port))
        url = f"ws://{ports.LOOPBACK}:{server.port}/flood"
        with connect(url, sock=small, max_queue=1, compression=None, ping_interval=None) as ws:
            pongs = []
            following: Counter[int] = Counter()
            for count in range(WRITERS * FRAMES):
                if count % 8 == 0:
                    pongs.append(ws.ping(f"ping {count}"))
                    time.sleep(0.005)  # the reader dawdles
                message = ws.recv(timeout=20)
                assert isinstance(message, bytes)
                writer = message[0]
                assert message == frame(writer, following[writer])
                following[writer] += 1
            assert following == dict.fromkeys(range(WRITERS), FRAMES)
            assert all(pong.wait(10) for pong in pongs)
            ws.send("enough")


class Stingy:
    """A FAKE connection that takes at most three bytes at a time, and may break."""

    def __init__(self, breaks_after: int = 1 << 30) -> None:
        self.taken = bytearray()
        self._left = breaks_after

    def send(self, data: bytes, *_: int) -> int:
        if self._left <= 0:
            raise TimeoutError
        self._left -= 3
        self.taken += data[:3]
        time.sleep(0)
        return min(3, len(data))

    def sendall(self, data: bytes, *_: int) -> None:
        while data:
            data = data[self.send(data) :]


def test_writes_of_many_threads_do_not_mix() -> None:
    stingy = Stingy()
    whole = SendAllSocket(stingy)
    lines = [bytes([65 + n]) * 50 for n in range(8)]
    threads = [threading.Thread(target=whole.send, args=(line,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [bytes(stingy.taken[at : at + 50]) for at in range(0, 400, 50)]
    assert sorted(found) == lines


def test_nothing_is_written_behind_a_write_that_was_cut_short() -> None:
    stingy = Stingy(breaks_after=9)
    whole = SendAllSocket(stingy)
    with pytest.raises(TimeoutError):
        whole.send(b"a frame of which only a part was taken")
    with pytest.raises(BrokenPipeError):
        whole.send(b"the next one")
    assert bytes(stingy.taken) == b"a frame o"


def test_who_takes_nothing_is_not_written_to_for_ever() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as listener:
        deaf = socket.create_connection(listener.getsockname())
        speaking, _ = listener.accept()
        with deaf, speaking:
            set_user_timeout({"gunicorn.socket": speaking}, 0.5)
            with pytest.raises(TimeoutError):
                speaking.sendall(bytes(64 << 20))
