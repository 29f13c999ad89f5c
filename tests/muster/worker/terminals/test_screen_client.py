"""A screen's model shows the same as a terminal that has seen all output."""

import os
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import avt
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.terminal import Screen
from muster.worker import processes
from muster.worker.sandbox.uids import Identity, UidAllocator
from muster.worker.shim.sizes import Size, SizesWriter
from muster.worker.shim.spool import SpoolWriter
from muster.worker.terminals.emulator_client import EmulatorClient
from muster.worker.terminals.screen_client import ScreenClient, rough_screen
from muster.worker.terminals.screen_model import SAVED_FILE_NAME, SavedScreen, ScreenModel
from tests.muster.worker import uids

WHOSE = AttemptKey(7, 1)
FAR_BEYOND = msgspec.json.encode(SavedScreen(9_999_999, 80, 24, True, [], "elsewhere"))
VIM_LIKE = (
    "\x1b[?1049h\x1b[22;0;0t\x1b[>4;2m\x1b[?1h\x1b=\x1b[?2004h\x1b[1;24r\x1b[?12h\x1b[?12l\x1b[22;2t"
    '\x1b[27m\x1b[23m\x1b[29m\x1b[m\x1b[H\x1b[2J\x1b[?25l\x1b[24;1H"caf\u00e9.txt" 3L, 21B\x1b[2;1H'
    "\u25bdz\u00fc\x1b[6n\x1b[2;1H  \x1b[3;1H\x1b[94m~\x1b[4;1H~\x1b[m\x1b[24;63H1,1\x1b[11CAll"
    "\x1b[1;1H\u65e5\u672c words\x1b[?25h\x1b[?1006;1002h"
)


class Written:
    """An attempt's spool and sizes, as a shim writes them."""

    def __init__(self, directory: Path, cols: int = 80, rows: int = 24) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.spool = SpoolWriter(directory)
        self.sizes = SizesWriter(directory)
        self.resize(cols, rows)

    def write(self, data: bytes, milliseconds: int = 0) -> None:
        self.spool.append(data, milliseconds, 0)

    def resize(self, cols: int, rows: int) -> None:
        self.sizes.add(Size(self.spool.end_offset, 0, cols, rows))

    def close(self) -> None:
        self.spool.close()


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    written = Written(tmp_path / "7-1")
    yield written
    written.close()


@pytest.fixture(scope="module")
def emulators() -> Iterator[EmulatorClient]:
    emulators = EmulatorClient()
    yield emulators
    emulators.close()


@pytest.fixture
def identity(tmp_path: Path) -> Identity | None:
    (tmp_path / "identities").mkdir()
    return UidAllocator(tmp_path / "identities", uids.OWN).claim_named("screens")


@pytest.fixture
def screens(tmp_path: Path, identity: Identity | None) -> Iterator[ScreenClient]:
    screens = ScreenClient(tmp_path, identity)
    yield screens
    screens.close()


def view(terminal: avt.Vt) -> tuple[object, ...]:
    cursor = terminal.cursor
    lines = [line.text for line in terminal.view()]
    return terminal.size, lines, (cursor.row, cursor.col, cursor.visible)


def rendered(screen: Screen) -> tuple[object, ...]:
    terminal = avt.Vt(screen.cols, screen.rows)
    terminal.feed_str(screen.data)
    return view(terminal)


def read_all(model: ScreenModel) -> Screen:
    while model.advance():
        pass
    return Screen(**model.screen())


CHUNKS = st.one_of(
    st.text("abc \u00e9\u65e5\u2500\U0001f389\r\n\t", max_size=40),
    st.builds("\x1b[{};{}H".format, st.integers(1, 30), st.integers(1, 90)),
    st.builds("\x1b[{}m".format, st.sampled_from(["0", "1", "7", "31", "48;5;100", "38;2;1;2;3"])),
    st.builds("\x1b[{}{}".format, st.integers(0, 2), st.sampled_from("JK")),
    st.builds("\x1b[{}{}".format, st.integers(1, 4), st.sampled_from("ABCDLM")),
    st.sampled_from(["\x1b[?1049h", "\x1b[?1049l", "\x1b[?25l", "\x1b[?25h", "\x1b[?7l", "\x1bM"]),
)
SIZES = st.tuples(st.integers(20, 140), st.integers(5, 50))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(CHUNKS, SIZES), max_size=40), st.data())
def test_a_newcomer_sees_what_one_sees_who_was_there_all_the_time(
    emulators: EmulatorClient,
    tmp_path_factory: pytest.TempPathFactory,
    pieces: list[str | tuple[int, int]],
    data: st.DataObject,
) -> None:
    written = Written(tmp_path_factory.mktemp("any"))
    witness = avt.Vt(80, 24, 200)
    model = ScreenModel(written.directory, emulators)
    for piece, following in pairwise([*pieces, ""]):
        if isinstance(piece, tuple):
            written.resize(*piece)
            # Of sizes at the same byte, the model applies the last.
            if not isinstance(following, tuple):
                witness.resize(*piece)
            continue
        witness.feed_str(piece)
        raw = piece.encode()
        cut = data.draw(st.integers(0, len(raw)))
        for part in (raw[:cut], raw[cut:]):
            written.write(part)
            if data.draw(st.booleans()):
                model.advance()
    screen = read_all(model)
    assert rendered(screen) == view(witness)
    assert (screen.offset, screen.exact) == (written.spool.end_offset, True)
    model.close()
    written.close()


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(["a", (140, 50), "\x1b[40;100Hx"], id="a size that holds from there on"),
        pytest.param(["\u65e5" * 30 + "\r\n"], id="one wide character many times"),
    ],
)
def test_what_is_read_at_one_go_is_shown_as_what_came_bit_by_bit(
    written: Written,
    pieces: list[str | tuple[int, int]],
    emulators: EmulatorClient,
) -> None:
    witness = avt.Vt(80, 24, 200)
    for piece in pieces:
        if isinstance(piece, tuple):
            written.resize(*piece)
            witness.resize(*piece)
        else:
            written.write(piece.encode())
            witness.feed_str(piece)
    model = ScreenModel(written.directory, emulators)
    assert rendered(read_all(model)) == view(witness)
    model.close()


def test_a_full_screen_program_is_shown_with_the_modes_that_it_has_set(
    written: Written, emulators: EmulatorClient
) -> None:
    written.write(VIM_LIKE.encode())
    witness = avt.Vt(80, 24)
    witness.feed_str(VIM_LIKE)
    model = ScreenModel(written.directory, emulators)
    screen = read_all(model)
    assert rendered(screen) == view(witness)
    assert all(f"\x1b[?{mode}h" in screen.data for mode in (2004, 1006, 1002))
    written.write(b"\x1b[?20")
    model.advance()
    written.write(b"04l")
    screen = read_all(model)
    assert [mode in screen.data for mode in ("[?2004h", "[?1006h", "[?1002h")] == [
        False,
        True,
        True,
    ]
    model.close()


def test_a_successor_continues_where_the_model_was_saved(
    written: Written, emulators: EmulatorClient
) -> None:
    text = VIM_LIKE.encode() + "\x1b[5;5H\u65e5".encode()
    written.write(text[:-1])
    model = ScreenModel(written.directory, emulators)
    read_all(model)
    model.save()
    model.close()
    saved = (written.directory / SAVED_FILE_NAME).read_bytes()
    assert len(saved) < 10_000
    written.write(text[-1:] + b"\x1b[6;1Hmore")

    successor = ScreenModel(written.directory, emulators)
    assert successor.position == len(text) - 3  # an unfinished character is read again
    witness = avt.Vt(80, 24)
    witness.feed_str(text.decode() + "\x1b[6;1Hmore")
    screen = read_all(successor)
    assert rendered(screen) == view(witness)
    assert "\x1b[?2004h" in screen.data
    successor.close()


@pytest.mark.parametrize("saved", [b"", b"{}", FAR_BEYOND, b"\xff" * 100])
def test_what_was_saved_badly_is_no_beginning(
    written: Written, saved: bytes, emulators: EmulatorClient
) -> None:
    written.write(b"hello")
    (written.directory / SAVED_FILE_NAME).write_bytes(saved)
    model = ScreenModel(written.directory, emulators)
    screen = read_all(model)
    assert (screen.data.startswith("hello"), screen.exact) == (True, True)
    model.close()


def test_what_was_lost_is_passed_over(tmp_path: Path, emulators: EmulatorClient) -> None:
    spool = SpoolWriter(tmp_path, quota=5)
    spool.append(b"hello", 0, 0)
    spool.append(b"lost!", 1, 0)
    model = ScreenModel(tmp_path, emulators)
    screen = read_all(model)
    assert (screen.offset, screen.data[:5]) == (10, "hello")
    model.close()
    spool.close()


def test_a_model_far_behind_skips_and_reports_it_until_the_screen_is_redrawn(
    written: Written,
    emulators: EmulatorClient,
) -> None:
    model = ScreenModel(written.directory, emulators)
    written.write(b"line\r\n" * 2_000_000)
    screen = read_all(model)
    assert (screen.offset, screen.exact) == (written.spool.end_offset, False)
    assert screen.data.count("line") == 23
    model.save()
    successor = ScreenModel(written.directory, emulators)
    assert not read_all(successor).exact
    successor.close()
    written.write(b"\x1b[H\x1b[2Janew")
    screen = read_all(model)
    assert (rendered(screen)[1][0].strip(), screen.exact) == ("anew", True)  # type: ignore[index]
    model.close()


def test_a_panic_of_the_emulator_costs_one_screen(written: Written, screens: ScreenClient) -> None:
    written.write(b"x" + "\u65e5\u672c".encode() * 30)
    assert screens.screen_at(WHOSE.name, 1) is not None
    for size in [(1, 9), (2, 1), (90, 3), (1, 1), (80, 24)] * 3:
        written.resize(*size)
        written.write("\u65e5\u672c\x1b[31m".encode() * 30)
        screens.screen_at(WHOSE.name, written.spool.end_offset)
    written.write(b"\x1b[H\x1b[2Jstill here")
    screen = screens.screen_at(WHOSE.name, written.spool.end_offset)
    assert screen is not None
    assert "still here" in screen.data


def test_a_process_that_dies_is_restarted_and_continues(
    written: Written, screens: ScreenClient
) -> None:
    written.write(b"hello")
    screens.notify_growth(WHOSE)
    assert screens.screen_at(WHOSE.name, 5) is not None
    first = screens.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    written.write(b" world")
    deadline = time.monotonic() + 20
    while (screen := screens.screen_at(WHOSE.name, 11)) is None:
        assert time.monotonic() < deadline
    assert "hello world" in screen.data
    assert screens.pid != first


def test_the_process_ends_with_its_daemon(
    written: Written, tmp_path: Path, identity: Identity | None
) -> None:
    screens = ScreenClient(tmp_path, identity)
    written.write(b"hello")
    assert screens.screen_at(WHOSE.name, 5) is not None
    pid = screens.pid
    assert pid is not None
    screens.close()
    assert processes.find(pid) is None
    assert (written.directory / SAVED_FILE_NAME).exists()


def test_without_the_emulator_a_newcomer_gets_the_last_bytes(
    written: Written,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    identity: Identity | None,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    screens = ScreenClient(tmp_path, identity)
    written.write(b"first\r\n" + b"x" * 70_000 + b"\r\nlast")
    assert screens.screen_at(WHOSE.name, 10) is None
    screen = rough_screen(written.directory, written.spool.end_offset)
    assert (len(screen.data), screen.data[-4:], screen.exact) == (64 << 10, "last", False)
    assert (screen.cols, screen.rows) == (80, 24)
    screens.close()
