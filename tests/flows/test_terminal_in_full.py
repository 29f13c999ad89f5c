"""Typical terminal use, by a plain client against a complete Muster.

(tests/browser does the same in the real xterm.js.)
"""

import codecs
import contextlib
import hashlib
from collections.abc import Callable, Iterator

import avt
import pytest

from muster.protocol import terminal as wire
from tests.app.terminals.endpoints import Viewer, ask_token
from tests.flows.running_stack import FollowedTask, RunningStack, wait_for
from tests.programs import find

SHELL = (
    "printf '%s\n' \"PS1='ready> '\" 'trap exit TERM' > settings; "
    "exec bash --noprofile --rcfile settings --noediting -i"
)


class Client:
    """A viewer with a screen. `data` is the output since its last look."""

    def __init__(self, running: RunningStack, task: FollowedTask, mode: str = "control") -> None:
        url, bearer = running.stack.url, running.api.token
        status, body = ask_token(url, task.id, bearer, mode)
        assert status == 200, body
        self.viewer = Viewer(url, task.id, bearer, body["channelToken"])
        screen = self.viewer.wait_for(wire.Screen, 30)
        self._fed = 0
        self._decoder = codecs.getincrementaldecoder(
            "utf-8"
        )()  # the output may end within a character
        self._screen = avt.Vt(screen.cols, screen.rows)
        self._screen.feed_str(screen.data)
        self._text = ""

    @property
    def data(self) -> bytes:
        return bytes(self.viewer.data)

    @property
    def lines(self) -> list[str]:
        """The screen's text."""
        fresh = self.data[self._fed :]
        self._fed += len(fresh)
        self._screen.feed_str(self._decoder.decode(fresh))
        return [line.text.rstrip() for line in self._screen.view()]

    def type(self, text: str) -> None:
        self.viewer.press(text.encode())

    def run(self, command: str) -> bytes:
        """Type a command line; return its output once the next prompt is there."""
        before = len(self.data)
        self.type(command + "\n")
        self.wait_for(lambda: self.data[before:].endswith(b"\r\nready> "))
        return self.data[before:].partition(b"\r\n")[2].removesuffix(b"ready> ")

    def wait_for(self, condition: Callable[[], object], patience: float = 60.0) -> None:
        def poll() -> object:
            if found := condition():
                return found
            with contextlib.suppress(TimeoutError):
                self.viewer.receive(0.1)
            return None

        try:
            wait_for(poll, "what was waited for", patience)
        except AssertionError as failed:
            failed.add_note("\n".join(self.lines))
            raise


@pytest.fixture(scope="module")
def project(running: RunningStack) -> str:
    return running.project("TERMINAL", {"name": "shell", "kind": "shell", "command": SHELL})


@pytest.fixture
def open_client(running: RunningStack, project: str) -> Iterator[Callable[..., Client]]:
    """Open a client on a shell that waits for a command."""
    task, opened = running.task(project), []
    task.wait_until_logged(b"ready> ")

    def open_one(mode: str = "control") -> Client:
        opened.append(Client(running, task, mode))
        return opened[-1]

    yield open_one
    for client in opened:
        client.viewer.close()
    task.act("cancel")


@pytest.fixture
def client(open_client: Callable[..., Client]) -> Client:
    return open_client()


@pytest.mark.needs("vim")
def test_a_file_is_edited_with_a_full_screen_editor(
    client: Client, open_client: Callable[..., Client]
) -> None:
    vim = find("vim")
    client.type(f"{vim} -u NONE -i NONE -n notes.txt\n")
    client.wait_for(lambda: "~" in client.lines)
    client.type("iwritten by a client")
    client.wait_for(lambda: client.lines[0] == "written by a client")
    late = open_client("watch")
    late.wait_for(lambda: late.lines == client.lines)
    client.type("\x1b:wq\n")
    client.wait_for(lambda: client.data.endswith(b"ready> "))
    assert client.run("cat notes.txt") == b"written by a client\r\n"


def test_a_character_may_come_in_pieces(client: Client) -> None:
    pieces = "€😀".encode()
    before = client.viewer.offset
    command = "; sleep 0.2; ".join(f"printf '\\x{piece:02x}'" for piece in pieces)
    assert client.run(f"{command}; echo") == pieces + b"\r\n"
    assert client.viewer.offset - before > len(pieces)


def test_a_resize_reaches_the_program(client: Client) -> None:
    client.viewer.send(wire.Resize(cols=97, rows=31))
    resize = client.viewer.wait_for(wire.Resize)
    assert (resize.cols, resize.rows) == (97, 31)
    assert client.run("stty size") == b"31 97\r\n"


def test_control_c_reaches_the_whole_process_group(client: Client) -> None:
    # The inner shell prints this only after its own child has ended, too.
    client.type("""sh -c 'trap "echo interr""upted" INT; sh -c "echo be""gun; exec sleep 600"'\n""")
    client.wait_for(lambda: b"begun\r\n" in client.data)
    client.type("\x03")
    client.wait_for(lambda: client.data.endswith(b"interrupted\r\nready> "))


def test_a_paste_of_a_megabyte_arrives_whole(client: Client) -> None:
    paste = "".join(f"line {number:06d} of what is pasted\r" for number in range(40_000))
    assert len(paste) > 1_000_000
    take = f"head -c {len(paste)} | sha256sum"
    client.type(f"stty raw -echo; printf 'ta''king'; sum=$({take}); stty sane; echo $sum\n")
    client.wait_for(lambda: client.data.endswith(b"taking"))
    client.type(paste)
    wanted = hashlib.sha256(paste.encode()).hexdigest().encode()
    client.wait_for(lambda: client.data.endswith(wanted + b" -\r\nready> "))
