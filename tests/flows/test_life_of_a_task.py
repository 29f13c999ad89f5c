"""From a description to a pushed branch, with only real parts."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from app.server_cli.local.api import ApiError
from tests.flows.running_stack import RunningStack, wait_for


def shell(name: str, command: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "shell", "command": command, **more}


def git(running: RunningStack, *arguments: str) -> str:
    return running.repository.git(*arguments)


def test_a_task_goes_through_its_stages_and_its_gate_to_a_pushed_branch(
    running: RunningStack,
) -> None:
    key = running.project(
        "WHOLE",
        shell("write", 'echo "$MUSTER_DESCRIPTION" > note.txt; echo written'),
        shell("read", "cat note.txt; tty"),
        shell("sign", 'echo "chosen: $MUSTER_CHOICE" >> note.txt', choices=["red", "blue"]),
    )
    task = running.task(key, "A note\nof two lines.")
    waiting = task.wait_for_status("suspended")
    assert (waiting["suspendReason"], waiting["currentStageIndex"]) == ("gate", 2)
    pending = running.api.get(f"{task.path}/pending-confirm")
    assert (pending["kind"], pending["choices"]) == ("choose", ["red", "blue"])
    machine = running.api.get(f"/api/web/machines/{waiting['machineId']}")
    assert machine["slots"]["used"] == 0, "a gate holds no slot"
    task.answer(2, "blue")
    done = task.wait_for_status("completed")
    assert git(running, "show", f"{done['branch']}:note.txt") == (
        "A note\nof two lines.\nchosen: blue"
    )
    assert git(running, "rev-parse", done["branch"]) == done["result"]["commit"]
    assert done["result"]["filesChanged"] == 1
    assert b"written\r\n" in task.log()
    assert b"\r\n/dev/" in task.log(), "a terminal, whatever it is called in the room"
    story = [event["type"] for event in task.events() if event["type"] not in ("log", "workspace")]
    stage = ["stage_started", "checkpoint", "stage_finished"]
    assert story == [
        *["created", "assigned", "started", *stage, *stage],
        *["suspended", "confirmed", "resumed", *stage, "published", "completed"],
    ]
    numbers = [event["id"] for event in task.events()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_description_reaches_the_agent_unchanged_as_one_argument(
    running: RunningStack, tmp_path: Path
) -> None:
    hostile = (
        "it's \"quoted\" `id` $(touch /tmp/x) ${HOME} {unknown} {branch}\n--flag \\ ; | & ü 'x"
    )
    agent = "python3 -c 'import json,sys; print(json.dumps(sys.argv[1:]))' {prompt}"
    key = running.project("ARGV", {"name": "say", "command": "{description}"}, agentCommand=agent)
    task = running.task(key, hostile)
    task.wait_for_status("completed")
    line = next(ln for ln in task.log().decode().split("\r\n") if ln.startswith("["))
    assert json.loads(line) == [hostile]


def test_a_failing_stage_fails_the_task_and_a_retry_continues_from_the_checkpoint(
    running: RunningStack,
) -> None:
    flag = running.machine.directory / "flag-retry"
    key = running.project(
        "RETRY",
        shell("first", "echo one > one.txt"),
        shell("second", f"cat one.txt && test -e {flag}"),
    )
    task = running.task(key)
    failed = task.wait_for_status("failed")
    assert failed["failure"] == {
        "code": "stage_failed",
        "message": "stage “second” ended with exit code 1",
        "stageIndex": 1,
    }
    flag.touch()
    task.act("retry", {"fromStage": 1})
    done = task.wait_for_status("completed")
    assert done["attempt"] == 2
    assert git(running, "show", f"{done['branch']}:one.txt") == "one"
    assert [e["stageIndex"] for e in task.events("stage_started")] == [0, 1, 1]


def test_an_unreachable_repository_fails_the_task_in_gits_words(running: RunningStack) -> None:
    nowhere = running.machine.repositories / "nowhere.git"
    key = running.project("NOREPO", shell("x", "true"), repoUrl=nowhere.as_uri())
    failed = running.task(key).wait_for_status("failed")
    assert failed["failure"]["code"] == "repository_unreachable"
    assert "does not appear to be a git repository" in failed["failure"]["message"]
    assert machine_of(running, failed)["status"] == "online"


def test_an_unknown_agent_binary_is_named(running: RunningStack) -> None:
    key = running.project("NOBIN", {"name": "x", "command": "y"}, agentCommand="no-such-agent")
    failed = running.task(key).wait_for_status("failed")
    assert failed["failure"]["code"] == "binary_missing"
    assert "no-such-agent" in failed["failure"]["message"]


def test_a_stage_that_times_out_is_ended_with_all_that_it_forked(running: RunningStack) -> None:
    command = "trap '' TERM; (trap '' TERM; setsid sleep 4242) & sleep 4243"
    key = running.project("SLOW", shell("slow", command, timeout=1))
    failed = running.task(key).wait_for_status("failed")
    assert failed["failure"]["code"] == "stage_timeout"
    wait_for(lambda: not running_commands("sleep 4242", "sleep 4243"), "end of the children")


def test_a_cancelled_task_is_over_at_once_and_its_processes_soon(running: RunningStack) -> None:
    key = running.project("CANCEL", shell("long", "echo up; sleep 4244"))
    task = running.task(key)
    task.wait_until_logged(b"up")
    assert task.act("cancel")["status"] == "cancelled"
    wait_for(lambda: not running_commands("sleep 4244"), "end of the process")
    wait_for(lambda: machine_of(running, task.now())["slots"]["used"] == 0, "free slot")
    with pytest.raises(ApiError, match="task_ended"):
        task.act("cancel")


def test_binary_output_and_a_long_line_arrive_byte_for_byte(running: RunningStack) -> None:
    program = (
        "import os,sys; b=bytes(range(256))*64; o=b''.join([b, b'x'*10_000_000, b'\\n', b]);"
        "[os.write(1, o[i:i+65536]) for i in range(0, len(o), 65536)]"
    )
    key = running.project("BYTES", shell("spill", f'stty raw -echo; python3 -c "{program}"'))
    task = running.task(key)
    task.wait_for_status("completed")
    garbage = bytes(range(256)) * 64
    assert task.log() == garbage + b"x" * 10_000_000 + b"\n" + garbage
    page = running.api.get(f"{task.path}/logs", limit=3, offset=-3)
    assert page["total"] > 64


def test_a_secret_never_leaves_the_machine_in_clear(running: RunningStack) -> None:
    secret = "hush-8d0f2b71c6"
    command = 'printf "%s|" "$API_KEY"; printf "${API_KEY:0:9}"; printf "${API_KEY:9}\\n"'
    key = running.project("SECRET", shell("leak", command), secrets={"API_KEY": secret})
    task = running.task(key)
    task.wait_for_status("completed")
    assert secret.encode() not in task.log()
    assert task.log() == b"********|********\r\n"
    shown = json.dumps(running.api.get(f"/api/web/projects/{key}"))
    assert secret not in shown


def test_a_daemon_killed_during_a_stage_continues_after_a_restart(
    running: RunningStack,
) -> None:
    command = "for i in $(seq 1 400); do echo line $i; sleep 0.01; done"
    key = running.project("KILL9", shell("count", command))
    task = running.task(key)
    task.wait_until_logged(b"line 20\r\n")
    daemon = running.stack.processes["machine-1"]
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.wait(10)
    running.stack.restart("machine-1")
    done = task.wait_for_status("completed")
    assert done["attempt"] == 1
    assert task.log() == b"".join(b"line %d\r\n" % i for i in range(1, 401))
    assert len(task.events("stage_started")) == 1


def machine_of(running: RunningStack, task: dict[str, Any]) -> dict[str, Any]:
    return dict(running.api.get(f"/api/web/machines/{task['machineId']}"))


def running_commands(*commands: str) -> list[str]:
    """Return which of these command lines are running."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            continue
        found += [command for command in commands if line == command]
    return found
