"""A shim runs stages on a terminal, stores their output and reports their exits."""

import hashlib
import os
import random
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from muster.worker.shim.client import ShimRefused
from muster.worker.shim.spool import SpoolReader
from tests.muster.worker.shim_stages import Stages

PYTHON = (sys.executable, "-I", "-S", "-c")
SOURCES = Path(__file__).parents[4]


def test_a_stage_that_exits_tells_its_status(stages: Stages) -> None:
    end = stages.run("sh", "-c", "printf hello; exit 7")
    assert (end.how, end.code, end.stage_index) == ("exit", 7, 0)
    assert (stages.output(), end.log_end) == (b"hello", 5)
    assert end.started_at_ms <= end.ended_at_ms


def test_a_stage_that_is_signalled_tells_by_what(stages: Stages) -> None:
    end = stages.run("sh", "-c", "kill -9 $$")
    assert (end.how, end.code) == ("signal", 9)


def test_a_missing_binary_is_reported_by_its_errno(stages: Stages) -> None:
    end = stages.run("no-such-agent")
    assert (end.how, end.code) == ("failed", 2)
    assert end.message.startswith("ENOENT exec no-such-agent")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cwd": "/no/such/place"}, "ENOENT chdir /no/such/place"),
        ({"argv": ["/etc/passwd"]}, "EACCES exec /etc/passwd"),
        ({"argv": []}, "ERROR exec : ValueError: "),
        ({"argv": ["true", "nul\0byte"]}, "ERROR exec true: ValueError: embedded null byte"),
        ({"argv": ["true", "x" * 300_000]}, "E2BIG exec true"),
    ],
    ids=["directory", "not executable", "empty", "NUL", "too long"],
)
def test_what_cannot_be_started_fails_with_a_reason(
    stages: Stages, fields: dict[str, object], message: str
) -> None:
    end = stages.run("true", **fields)  # type: ignore[arg-type]
    assert (end.how, end.message[: len(message)]) == ("failed", message)
    assert stages.run("true", index=1).how == "exit"


def test_arguments_arrive_unchanged(stages: Stages) -> None:
    text = 'it\'s "quoted"\n{braces} $(touch /tmp/x) `id` \\ $HOME ü\U0001f600 * -- ;'
    script = "import os, sys; os.write(1, os.fsencode(sys.argv[1]).hex().encode())"
    stages.run(*PYTHON, script, text)
    assert bytes.fromhex(stages.output().decode()) == text.encode()


def test_a_stage_inherits_nothing(stages: Stages) -> None:
    stages.run("/bin/sh", "-c", "env; ls /proc/self/fd; umask; trap", env={"ONLY": "this"})
    lines = stages.output().decode().split()
    assert {line for line in lines if "=" in line} == {
        "ONLY=this",
        f"MUSTER_SHIM={stages.directory}",
        "PWD=/",
        *[line for line in lines if line.startswith(("_=", "OLDPWD=", "SHLVL="))],
    }
    # Its terminal thrice, and what `ls` itself has opened.
    assert [line for line in lines if line.isdigit()] == ["0", "1", "2", "3", "0022"]


def test_a_stage_has_a_terminal_of_its_own_of_the_asked_size(stages: Stages) -> None:
    stages.run("sh", "-c", "stty size; tty; echo ok >/dev/tty", cols=133, rows=41)
    size, name, output = stages.output().split(b"\r\n")[:3]
    assert (size, output) == (b"41 133", b"ok")
    assert name.startswith(b"/dev/pts/")


def test_keys_reach_the_stage_and_a_new_size_too(stages: Stages) -> None:
    stages.start(
        "sh",
        "-c",
        "trap 'stty size' WINCH; echo ready; until read line; do :; done; echo got $line",
    )
    stages.wait_for(b"ready")
    stages.shim.resize(120, 50)
    stages.wait_for(b"50 120")
    stages.shim.send_input(b"words\n")
    assert stages.wait().code == 0
    assert b"got words" in stages.output()


def test_much_input_waits_until_it_is_read(stages: Stages) -> None:
    script = (
        "import os, sys, tty; tty.setraw(0); print('ready', flush=True); input();"
        "n = 0\n"
        "while n < 300000: n += len(os.read(0, 65536))\n"
        "print('read', n)"
    )
    stages.start(sys.executable, "-c", script)
    stages.wait_for(b"ready")
    stages.shim.send_input(b"x" * 300_000)
    with pytest.raises(ShimRefused, match="input"):
        stages.shim.send_input(b"x" * 2_000_000)
    stages.shim.stop(grace=0)
    assert stages.wait().how == "stopped"


def test_garbage_and_a_long_line_arrive_byte_for_byte(stages: Stages) -> None:
    script = (
        "import os, random, tty; tty.setraw(1); r = random.Random(7);"
        "whole = r.randbytes(3 << 20) + b'x' * 10_000_000 + b'\\n'\n"
        "while whole: whole = whole[os.write(1, whole):]"
    )
    end = stages.run(sys.executable, "-c", script)
    expected = random.Random(7).randbytes(3 << 20) + b"x" * 10_000_000 + b"\n"
    assert end.how == "exit"
    assert end.log_end == len(expected)
    assert hashlib.sha256(stages.output()).digest() == hashlib.sha256(expected).digest()


def test_the_last_words_of_a_stage_are_never_lost(stages: Stages) -> None:
    for index in range(20):
        stages.run("sh", "-c", f"printf '%9000d' {index}", index=index)
    assert stages.output() == b"".join(b"%9000d" % index for index in range(20))


def test_output_is_kept_by_stage_and_time(stages: Stages) -> None:
    stages.run("printf", "one", index=0)
    stages.run("printf", "two", index=1)
    reader = SpoolReader(stages.directory)
    first, second = reader.read(0, 100)
    reader.close()
    assert (first.stage, first.data, second.stage, second.data) == (0, b"one", 1, b"two")
    assert 0 <= first.milliseconds <= second.milliseconds < 60_000


def test_secrets_are_masked_even_when_written_in_parts(stages: Stages) -> None:
    script = "printf 'a tops'; sleep 0.2; printf 'ecret b'; sleep 0.2; printf ' topse'"
    stages.run("sh", "-c", script, secrets=["topsecret", "other\nlines"])
    assert stages.output() == b"a ******** b topse"
    stages.run(
        "sh", "-c", 'echo "$LINES"', index=1, env={"LINES": "o\nlines"}, secrets=["o\nlines"]
    )
    assert stages.output().endswith(b" topse********\r\n")


def test_a_prompt_is_shown_although_it_might_begin_a_secret(stages: Stages) -> None:
    stages.start("sh", "-c", "printf '> '; read answer", secrets=["> secret"])
    stages.wait_for(b"> ")


def test_a_stage_sent_twice_runs_once(stages: Stages, tmp_path: Path) -> None:
    mark = shlex.quote(str(tmp_path / "ran"))
    assert stages.start("sh", "-c", f"echo >> {mark}; read line", index=3)
    assert not stages.start("sh", "-c", f"echo >> {mark}", index=3)
    stages.shim.send_input(b"\n")
    end = stages.wait(3)
    assert not stages.start("sh", "-c", f"echo >> {mark}", index=3)
    assert not stages.start("sh", "-c", f"echo >> {mark}", index=1)
    assert (tmp_path / "ran").read_text() == "\n"
    assert stages.shim.fetch_state().ends == (end,)


def test_a_stage_is_run_once_more_by_its_next_run_alone(stages: Stages) -> None:
    first = stages.run("sh", "-c", "exit 3", index=2)
    assert stages.start("sh", "-c", "exit 4", index=2, run=1)
    second = stages.shim.wait_for_exit(2, timeout=30, run=1)
    assert second is not None
    assert [(end.code, end.run) for end in (first, second)] == [(3, 0), (4, 1)]
    assert not stages.start("true", index=2, run=1)
    assert not stages.start("true", index=2)
    assert not stages.start("true", index=1, run=2)
    state = stages.shim.fetch_state()
    assert (state.latest_run, state.ends) == ((2, 1), (first, second))


def test_a_second_stage_waits_for_the_first(stages: Stages) -> None:
    stages.start("sleep", "60")
    with pytest.raises(ShimRefused) as refused:
        stages.start("true", index=1)
    assert refused.value.code == "busy"
    assert stages.shim.fetch_state().stage_index == 0


def test_nothing_can_be_typed_when_nothing_runs(stages: Stages) -> None:
    with pytest.raises(ShimRefused) as refused:
        stages.shim.send_input(b"x")
    assert refused.value.code == "idle"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its user")
def test_a_stage_runs_as_its_own_user(stages: Stages) -> None:
    stages.run("sh", "-c", "id -u; id -g; id -G; echo hi >$(tty)", uid=23456, gid=23457)
    assert stages.output() == b"23456\r\n23457\r\n23457\r\nhi\r\n"


def test_a_state_tells_what_runs_and_what_ended(stages: Stages) -> None:
    first = stages.run("printf", "12345")
    stages.start("sleep", "60", index=1)
    state = stages.shim.fetch_state()
    assert (state.stage_index, state.running, state.ends) == (1, True, (first,))
    assert (state.log_end, state.find_exit(0), state.find_exit(1)) == (5, first, None)


def test_a_shim_needs_the_standard_library_alone() -> None:
    script = (
        "import sys; sys.path.append(sys.argv[1]); import muster.worker.shim.shim\n"
        "strange = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "print(*sorted(strange))"
    )
    run = subprocess.run([*PYTHON, script, SOURCES], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["__main__", "muster"]
