import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from muster.worker.agents.runner.agent_process import LIMITED_STATUS, OUTPUT_TIMEOUT_SECONDS
from muster.worker.agents.runner.limits import GRACE_SECONDS
from tests.muster.worker.agents.runner.fake_shim_channel import FakeShimChannel
from tests.muster.worker.agents.runner.runner_process import (
    BARE,
    ROOT,
    TIMEOUT_SECONDS,
    TerminalProcess,
    command,
)

Start = Callable[..., TerminalProcess]


def echo_message(text: str) -> str:
    """Return the shell code that prints this message like the agent."""
    message = {"content": [{"type": "text", "text": text}]}
    return f"echo '{json.dumps({'type': 'assistant', 'message': message})}'"


@pytest.fixture
def start() -> Iterator[Start]:
    started = []

    def starts(*args: Any, **kwargs: Any) -> TerminalProcess:
        started.append(TerminalProcess(*args, **kwargs))
        return started[-1]

    yield starts
    for each in started:
        each.close()


@pytest.fixture
def channel() -> Iterator[tuple[int, socket.socket]]:
    """The runner's end as a descriptor, and the shim's."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(TIMEOUT_SECONDS)
    with ours, theirs:
        yield ours.fileno(), theirs


def test_it_ends_with_the_agents_status(start: Start) -> None:
    narrator = start(f"{echo_message('Hello')}; exit 3")
    assert narrator.wait_until_ended() == 3
    assert narrator.screen_text == "Hello\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGABRT, signal.SIGINT])
def test_it_ends_by_the_agents_signal(start: Start, number: signal.Signals) -> None:
    assert start(f"kill -{int(number)} $$").wait_until_ended() == -number


@pytest.mark.parametrize(("name", "status"), [("/nowhere/agent", 127), ("/etc/passwd", 126)])
def test_an_agent_that_cannot_be_started_ends_it_as_in_a_shell(name: str, status: int) -> None:
    ended = subprocess.run(command(name), capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert ended.stderr.startswith(f"{name}: ")


def test_the_agent_reads_nothing_and_its_errors_go_to_the_terminal(start: Start) -> None:
    narrator = start("cat; test -t 1 || echo piped; echo shown >&2; printf '\\033[2Junended' >&2")
    assert narrator.wait_until_ended() == 0
    assert sorted(narrator.screen_text.split()) == ["piped", "shown", "␛[2Junended"]


def test_the_agent_gets_no_more_than_it_should(
    start: Start, channel: tuple[int, socket.socket]
) -> None:
    narrator = start("echo [$MUSTER_CHANNEL] /dev/fd/*; trap", channel=channel[0])
    assert narrator.wait_until_ended() == 0
    # 3 is the shell's own, with which it reads the directory.
    assert narrator.screen_text.split() == [
        "[]",
        "/dev/fd/0",
        "/dev/fd/1",
        "/dev/fd/2",
        "/dev/fd/3",
    ]


def test_a_broken_pipe_ends_what_an_agent_runs(start: Start) -> None:
    narrator = start("yes | head -n 1; echo done")
    assert narrator.wait_until_ended() == 0
    assert narrator.screen_text == "y\ndone\n"


def test_what_an_agent_left_running_does_not_keep_it(start: Start) -> None:
    began = time.monotonic()
    narrator = start(f"{echo_message('Hello')}; sleep 60 & exit 0")
    assert narrator.wait_until_ended() == 0
    assert time.monotonic() - began < OUTPUT_TIMEOUT_SECONDS + TIMEOUT_SECONDS / 2
    assert narrator.screen_text == "Hello\n"


def test_an_agent_may_close_its_output_and_go_on(start: Start) -> None:
    assert start("exec >/dev/null; sleep 0.3; exit 4").wait_until_ended() == 4


def test_what_is_typed_reaches_the_agent_which_decides(start: Start) -> None:
    narrator = start("trap 'echo stopped; exit 5' INT; echo ready; while :; do sleep 0.1; done")
    narrator.wait_for("ready")
    narrator.type(b"\x03")
    assert narrator.wait_until_ended() == 5
    assert "stopped" in narrator.screen_text


def test_a_term_is_passed_on_to_the_agent(start: Start) -> None:
    narrator = start("trap 'echo ending; exit 6' TERM; echo ready; while :; do sleep 0.1; done")
    narrator.wait_for("ready")
    narrator.process.terminate()
    assert narrator.wait_until_ended() == 6
    assert "ending" in narrator.screen_text


RETRY = {
    "type": "system",
    "subtype": "api_retry",
    "attempt": 1,
    "retry_delay_ms": 3_600_000,
    "error_status": 429,
}


def waits(*trapped: str) -> str:
    """Return the shell code that reports a wait of an hour, and waits, whatever signals come."""
    traps = "".join(f"trap 'echo {name} came' {name}; " for name in trapped)
    return f"{traps}echo '{json.dumps(RETRY)}'; while :; do sleep 0.1; done"


def test_an_agent_that_waits_for_a_limit_is_ended(start: Start) -> None:
    began = time.monotonic()
    narrator = start(waits())
    assert narrator.wait_until_ended() == LIMITED_STATUS
    assert "Stopped because it would wait: " in narrator.screen_text
    assert GRACE_SECONDS <= time.monotonic() - began < GRACE_SECONDS + TIMEOUT_SECONDS / 4


def test_one_that_does_not_want_to_end_is_killed(start: Start) -> None:
    narrator = start(waits("INT", "TERM"))
    assert narrator.wait_until_ended() == LIMITED_STATUS
    assert narrator.screen_text.index("INT came") < narrator.screen_text.index("TERM came")


def test_what_it_started_ends_with_it(start: Start) -> None:
    """As gemini is: the one that we have started passes no signals on."""
    child = f"trap 'echo child ended; exit' TERM; {waits()}"
    narrator = start(f"trap : INT TERM; ({child}) & wait; wait; wait")
    assert narrator.wait_until_ended() == LIMITED_STATUS
    assert "child ended" in narrator.screen_text


def test_the_shim_knows_before_the_terminal_shows(
    start: Start, channel: tuple[int, socket.socket]
) -> None:
    narrator = start(f"{echo_message('Hello')}", channel=channel[0])
    heard = json.loads(channel[1].recv(1 << 16))
    assert heard["entry"]["text"] == "Hello"
    assert not narrator.read(0.2)
    channel[1].sendall(b'{"ok": 0}\n')
    narrator.wait_for("Hello\n")
    assert narrator.wait_until_ended() == 0


def test_a_channel_that_breaks_is_not_spoken_of(
    start: Start, channel: tuple[int, socket.socket]
) -> None:
    narrator = start(f"{echo_message('One')}; {echo_message('Two')}", channel=channel[0])
    channel[1].recv(1)
    channel[1].close()
    assert narrator.wait_until_ended() == 0
    assert narrator.screen_text == "One\n\nTwo\n"


@pytest.mark.parametrize("columns", [40, 120])
def test_it_shows_at_the_terminals_width(start: Start, columns: int) -> None:
    narrator = start(echo_message("word " * 60), columns=columns)
    narrator.wait_until_ended()
    assert columns - 5 < max(map(len, narrator.screen_text.splitlines())) <= columns


def test_without_a_terminal_the_agent_continues(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    script = f"{echo_message('Hello')}; {echo_message('Hello')}; touch {tmp_path}/done; exit 7"
    ended = subprocess.run(command("/bin/sh", "-c", script), stdout=write, check=False)
    os.close(write)
    assert ended.returncode == 7
    assert (tmp_path / "done").exists()


def test_it_starts_with_few_modules() -> None:
    """Each stage waits for them. The slowest required one is `json`, with `re`."""
    script = (
        "import sys; sys.path.append(sys.argv[1])\n"
        "from muster.worker.agents.runner import formats, main\n"
        "for name in formats.JSON_FORMATS: formats.create_format(name)\n"
        "print(*sys.modules)"
    )
    run = subprocess.run([*BARE, script, str(ROOT)], capture_output=True, text=True, check=True)
    modules = set(run.stdout.split())
    assert "json" in modules
    dear = {"typing", "dataclasses", "inspect", "subprocess", "socket", "signal", "threading"}
    assert not modules & (dear | {"asyncio", "logging", "argparse", "difflib", "textwrap"})
    ours = {name for name in modules if name.startswith("muster.")}
    assert {name for name in ours if ".runner" not in name} == {
        "muster.text",
        "muster.text.invisible_chars",
        "muster.text.invisible_table",
        "muster.worker",
        "muster.worker.agents",
    }


REFUSED = "echo 'litellm.AuthenticationError: no such key'"


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (REFUSED, 1),
        (f"{REFUSED} >&2; exit 3", 3),
        (f"{REFUSED}; echo 'Tokens: 1.2k sent, 7 received.'", 0),
        ("echo '{}'", 0),
    ],
    ids=["refused", "it says so itself", "answered then", "nothing"],
)
def test_a_plain_agent_that_has_failed_does_not_end_well(script: str, status: int) -> None:
    argv = command("/bin/sh", "-c", script, format_name="aider")
    assert subprocess.run(argv, capture_output=True, check=False).returncode == status


def test_an_agents_usage_file_is_reported_during_the_run_and_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(tmp_path))
    file = tmp_path / "sessions" / "2026" / "11" / "26" / "rollout-1-t-1.jsonl"
    file.parent.mkdir(parents=True)
    go = tmp_path / "go"

    def counted(tokens: int) -> str:
        info = {"total_token_usage": {"input_tokens": tokens}}
        line = {"type": "event_msg", "payload": {"type": "token_count", "info": info}}
        return f"echo '{json.dumps(line)}' >> {file}"

    def write_usage_seen() -> None:
        if usage := shim_channel.facts.get("usage"):
            go.write_text(str(usage[0]["inputTokens"]))

    opening = f"echo '{json.dumps({'type': 'thread.started', 'thread_id': 't-1'})}'"
    until = f"until [ -e {go} ]; do sleep 0.05; done; cat {go}"
    script = "; ".join([counted(7), opening, until, counted(9), "exit 3"])
    shim_channel = FakeShimChannel(write_usage_seen)
    with shim_channel:
        ended = subprocess.run(
            command("/bin/sh", "-c", script, format_name="codex"),
            env={**os.environ, **shim_channel.variables},
            pass_fds=[shim_channel.descriptor],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    assert ended.returncode == 3
    assert ended.stdout.splitlines()[1] == "7"
    assert "── tokens 9 in, in the whole conversation ──" in ended.stdout
    assert shim_channel.facts["usage"][0]["inputTokens"] == 9
    assert shim_channel.facts["isOfSession"]
    assert [entry["kind"] for entry in shim_channel.entries] == ["usage"]
