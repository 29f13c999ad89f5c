"""`muster attach` in a real terminal: however it ends, the terminal is restored."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from muster.protocol import terminal as wire
from tests.muster.cli.attach.fake_server import FakeServer
from tests.ptys import Pty

Attach = Callable[..., Pty]

_FAILS = """
import sys
from muster.cli import app
from muster.cli.attach.session import Session
def fail(self, data): raise RuntimeError("as a bug would")
Session.on_output = fail
sys.exit(app.main(["attach", "7"]))
"""


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


@pytest.fixture
def attach(server: FakeServer) -> Iterator[Attach]:
    """Run `muster attach 7` until it shows the screen."""
    with ExitStack() as terminals:

        def run(*options: str, cols: int = 80, rows: int = 24, code: str = "") -> Pty:
            muster = ("-c", code) if code else ("-m", "muster", "attach", "7", *options)
            env = {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.getcwd(),
                "MUSTER_SERVER": server.url,
                "MUSTER_TOKEN": "mst_pat_x",
            }
            pty = terminals.enter_context(Pty([sys.executable, *muster], env, cols, rows))
            pty.before = pty.modes
            pty.wait_until_shown("the screen")
            assert pty.modes != pty.before
            return pty

        yield run


def test_keys_go_out_bytes_come_in_and_a_tilde_and_a_dot_end_it(
    attach: Attach, server: FakeServer
) -> None:
    pty = attach("--takeover", cols=100, rows=30)
    pty.wait_for(lambda: server.size == (100, 30), "size")
    pty.type("\x03\x1a\x1c~x\r")  # signal characters are keys here, and so is a second tilde
    pty.wait_for(lambda: b"\x03\x1a\x1c~x\r" in server.typed, "keys")
    assert wire.Takeover() in server.heard
    assert {asked["mode"] for asked in server.asked} == {"control"}
    pty.resize(90, 20)
    pty.wait_for(lambda: server.size == (90, 20), "new size")
    pty.type("~.")
    assert (pty.wait_until_ended(), pty.modes) == (0, pty.before)
    assert b"\r~." not in server.typed
    assert pty.lines[-2].startswith("Detached from task 7; it keeps running.")


@pytest.mark.parametrize(
    ("number", "status"),
    [
        pytest.param(signal.SIGTERM, 143, id="terminated"),
        pytest.param(signal.SIGHUP, 129, id="hung up"),
    ],
)
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(
    number: int, status: int, attach: Attach
) -> None:
    pty = attach()
    pty.process.send_signal(number)
    assert (pty.wait_until_ended(), pty.modes) == (status, pty.before)


def test_a_failure_of_its_own_leaves_the_terminal_as_it_was(
    attach: Attach, server: FakeServer
) -> None:
    pty = attach(code=_FAILS)
    server.print(b"something\r\n")
    assert (pty.wait_until_ended(), pty.modes) == (1, pty.before)
    assert any("as a bug would" in line for line in pty.lines)


def test_a_watcher_sends_no_input_sees_the_size_and_detaches_by_control_c(
    attach: Attach, server: FakeServer
) -> None:
    server.mode, server.size = "watch", (132, 50)
    pty = attach("--watch")
    pty.wait_until_shown(" This terminal is 132 x 50, yours is 80 x 24")
    pty.type("rm -r *\r")
    pty.wait_until_shown(" You're watching; your input isn't sent.")
    pty.type("\x03")
    assert (pty.wait_until_ended(), pty.modes) == (130, pty.before)
    assert (bytes(server.typed), server.asked[0]) == (b"", {"mode": "watch"})


def test_a_lasting_disconnect_is_shown_and_input_during_it_is_not_sent(
    attach: Attach, server: FakeServer
) -> None:
    pty = attach()
    pty.type("before")
    pty.wait_for(lambda: b"before" in server.typed, "keys")
    server.line.refuse = True
    server.line.cut()
    pty.wait_until_shown(" Disconnected; reconnecting.")
    pty.type("into the dark")
    server.output += b", meanwhile"
    server.line.refuse = False
    pty.wait_for(lambda: any("before, meanwhile" in line for line in pty.lines), "what was missed")
    # The note was drawn over the screen, which is redrawn without it.
    pty.wait_for(lambda: pty.lines[-1] == "", "screen")
    pty.type("after\r~.")
    assert (pty.wait_until_ended(), pty.modes) == (0, pty.before)
    assert bytes(server.typed) == b"beforeafter\r"


def test_a_server_that_stays_away_is_given_up(attach: Attach, server: FakeServer) -> None:
    pty = attach("--timeout", "0.5")
    server.line.refuse = True
    server.line.cut()
    assert (pty.wait_until_ended(), pty.modes) == (1, pty.before)
    assert any("Can't reach the server" in line for line in pty.lines)


def test_a_shell_beside_a_headless_agent_reads_keys_and_ends_with_the_reason(
    attach: Attach, server: FakeServer
) -> None:
    server.task = HEADLESS
    pty = attach("--shell")
    assert server.asked[0] == {"terminal": "shell"}
    pty.type("pwd\r")
    pty.wait_for(lambda: bytes(server.typed) == b"pwd\r", "keys")
    server.close(wire.CloseCode.SHELL_ENDED, "the shell has exited with code 0")
    assert (pty.wait_until_ended(), pty.modes) == (0, pty.before)
    assert any("closed: the shell has exited with code 0" in line for line in pty.lines)
    assert "muster attach 7 --shell" in " ".join(" ".join(pty.lines).split())


HEADLESS = {
    "agentType": "claude",
    "readsTerminal": False,
    "allowedActions": ["message", "interrupt"],
    "messages": {"state": "open", "reason": None},
}


def test_input_to_a_headless_agent_is_a_message_and_no_key_goes_out(
    attach: Attach, server: FakeServer
) -> None:
    server.task = HEADLESS
    pty = attach(rows=20)
    pty.wait_for(lambda: server.size == (80, 20), "size")
    assert b"watching Claude.  Type a message and press Enter" in pty.data
    pty.type("Use UTC")
    pty.wait_until_shown(" Message to Claude: Use UTC")
    server.print(b"meanwhile\r\n")
    pty.type("!\r")
    pty.wait_until_shown(" Sent. Claude reads it at its next step")
    pty.wait_until_shown("meanwhile")
    pty.type("And test it\x18")
    pty.wait_until_shown(" Sent. Claude stops its step and reads it")
    pty.type("~i")
    pty.wait_until_shown(" Stopping Claude.")
    assert [(name, body) for name, body, _ in server.sent] == [
        ("messages", {"text": "Use UTC!"}),
        ("messages", {"text": "And test it", "when": "now"}),
        ("interrupt", {}),
    ]
    pty.type("~t")
    pty.wait_until_shown(" Claude reads messages, not keys")
    pty.type("~.")
    assert (pty.wait_until_ended(), pty.modes) == (0, pty.before)
    assert (bytes(server.typed), wire.Takeover() in server.heard) == (b"", False)


def test_a_refused_message_stays_and_enter_sends_it_once(
    attach: Attach, server: FakeServer
) -> None:
    server.task = HEADLESS
    server.refusal = {"code": "too_many_messages", "detail": "Too many messages wait."}
    pty = attach()
    pty.type("Use UTC.\r")
    pty.wait_until_shown(" Not sent: Too many messages wait.")
    server.refusal = None
    pty.type("\r")
    pty.wait_until_shown(" Sent.")
    texts, keys = [body for _, body, _ in server.sent], {key for _, _, key in server.sent}
    assert (texts, len(keys)) == ([{"text": "Use UTC."}] * 2, 1)


def test_an_agent_that_takes_no_messages_says_so_before_you_type(
    attach: Attach, server: FakeServer
) -> None:
    reason = {"messages": {"state": "none", "reason": "not_supported"}, "allowedActions": []}
    server.task = HEADLESS | reason
    pty = attach()
    assert b"Claude can't read messages while it works. Follow up instead" in pty.data
    pty.type("Use UTC.\r")
    pty.wait_until_shown(" Claude can't read messages while it works.")
    assert (server.sent, bytes(server.typed)) == ([], b"")


def test_the_next_stage_may_read_keys_again(attach: Attach, server: FakeServer) -> None:
    server.task = HEADLESS
    pty = attach()
    server.send(wire.Exit(code=0, stage_index=0))
    pty.wait_until_shown(" Stage 1 finished")
    server.task = HEADLESS | {"readsTerminal": True}
    server.print(b"make test\r\n")

    def type_key() -> bool:
        pty.type("x")
        return b"x" in server.typed

    pty.wait_for(type_key, "keys")
    assert server.sent == []
