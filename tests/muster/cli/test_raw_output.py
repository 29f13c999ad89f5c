"""Foreign bytes are exact in a pipe, and can't control a terminal."""

from collections.abc import Iterator

import httpx
import pytest

from tests.muster.cli.shell import SERVER, Shell

WRITTEN = "grün\x1b]52;c;eA==\x07\n\tred \x1b[31mtext\x9d\n".encode() + b"\xff\n"
PLAIN = "grün\n\tred text\n\ufffd\n"
COMMANDS = [["api", "x"], ["task", "file", "7", "a.txt", "--commit", "c0ffee"]]


class InChunks(httpx.SyncByteStream):
    """Yield it byte by byte."""

    def __iter__(self) -> Iterator[bytes]:
        return (bytes([byte]) for byte in WRITTEN)


@pytest.fixture
def shell(home: object) -> Shell:
    headers = {"Content-Type": "application/octet-stream"}
    return Shell(lambda request: httpx.Response(200, headers=headers, stream=InChunks()))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_on_a_terminal_it_is_plain_text(shell: Shell, command: list[str]) -> None:
    assert shell("--server", SERVER, *command, is_terminal=True).out == PLAIN


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_in_a_pipe_and_by_raw_it_is_as_it_is(shell: Shell, command: list[str]) -> None:
    assert shell("--server", SERVER, *command).bytes == WRITTEN
    assert shell("--server", SERVER, *command, "--raw", is_terminal=True).bytes == WRITTEN


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("is_terminal", "printed"), [(True, "grün\n"), (False, "gr\x1b]52;c;eA==\x07ün\n")]
)
def test_so_are_the_texts_of_jq(is_terminal: bool, printed: str) -> None:
    task = {"id": 7, "description": "gr\x1b]52;c;eA==\x07ün"}
    page = {"items": [task], "nextCursor": None}
    shell = Shell(lambda request: httpx.Response(200, json=page))
    for command in (["task", "list", "--jq", ".[].description"],
                    ["api", "tasks", "--jq", ".items[].description"]):  # fmt: skip
        assert shell("--server", SERVER, *command, is_terminal=is_terminal).out == printed
