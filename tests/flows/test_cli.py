"""`muster` as people run it: in its own process, against a complete Muster."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.flows.running_stack import PASSWORD, RunningStack
from tests.flows.test_life_of_a_task import shell

ROOT = Path(__file__).parents[2]
WAITS = 4


class Person:
    """A person who is signed in by a device code entered in a browser."""

    def __init__(self, running: RunningStack, home: Path) -> None:
        self.running, self.home = running, home
        self.env = {**os.environ, "XDG_CONFIG_HOME": str(home), "MUSTER_KEYRING": "off"}
        for name in ("MUSTER_SERVER", "MUSTER_TOKEN", "MUSTER_PROFILE"):
            self.env.pop(name, None)

    def __call__(self, *arguments: str, status: int = 0, given: bytes = b"") -> str:
        run = subprocess.run(
            self.command(*arguments), input=given, capture_output=True, cwd=self.home, env=self.env
        )
        assert run.returncode == status, run.stderr.decode()
        self.err = run.stderr.decode()
        return run.stdout.decode()

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "muster", *arguments]

    @contextmanager
    def running_command(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.home,
            env=self.env,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def sign_in(self) -> None:
        asking = ["login", "--server", self.running.stack.url, "--no-browser"]
        with self.running_command(*asking) as login:
            assert login.stderr is not None
            code = next(line.strip() for line in login.stderr if line.startswith("    "))
            self.running.api.post("/api/auth/reauthenticate", {"password": PASSWORD})
            self.running.api.post(f"/api/web/device/{code}/approve", {})
            output = login.stderr.read()
            assert login.wait() == 0, output
            assert "as admin (admin)" in output


@pytest.fixture(scope="module")
def muster(running: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Person:
    home = tmp_path_factory.mktemp("person")
    person = Person(running, home)
    person.env["PYTHONPATH"] = str(ROOT)
    person.sign_in()
    return person


def test_a_task_from_its_words_to_its_evidence(muster: Person, running: RunningStack) -> None:
    key = running.project(
        "CLI",
        shell("write", "echo one > one.txt; echo written"),
        shell("sign", 'echo "$MUSTER_CHOICE" >> one.txt', choices=["red", "blue"], prompt="Which?"),
    )
    output = muster(
        "task", "create", "-p", key, "-d", "-", "--wait", status=WAITS, given=b"One file"
    )
    assert "suspended" in output
    assert "Which?" in muster.err
    how = muster.err.splitlines()[-1]
    number = muster("task", "list", "--project", key, "-q").strip()
    assert how == f"muster task choose {number} CHOICE"
    assert muster("task", "watch", number, status=WAITS)
    query = f".[].gate | select(.taskId == {number}) | .choices"
    assert json.loads(muster("inbox", "--kind", "gate", "--jq", query)) == ["red", "blue"]
    muster("task", "choose", number, "bl")
    assert "completed" in muster("task", "watch", number)
    patch = muster("task", "diff", number)
    assert "+++ b/one.txt\n" in patch
    assert "+blue\n" in patch
    assert "written" in muster("task", "logs", number)
    assert "#" in muster("task", "show", number)
    events = json.loads(muster("task", "events", number, "--json", "type"))
    assert [event["type"] for event in events][-1] == "completed"
    muster("task", "evidence", number, "-o", "bundle.zip")
    (muster.home / "key.json").write_text(muster("api", "/.well-known/muster-evidence.json"))
    genuine = muster("verify", "bundle.zip", "--key", "key.json")
    assert genuine.startswith(f"GENUINE: task {number} of server")
    more = ["task", "follow-up", number, "-d", "More", "--from-stage", "0", "--wait"]
    muster(*more, status=WAITS)
    muster("task", "cancel", number)
    muster("task", "watch", number, status=1)


def test_waiting_for_a_task_that_fails_is_status_1(muster: Person, running: RunningStack) -> None:
    key = running.project("CLIFAILS", shell("fall", "echo before; exit 3"))
    output = muster("task", "create", "-p", key, "-d", "x", "--wait", "--json", "status", status=1)
    assert json.loads(output) == [{"status": "failed"}]
    assert "stage “fall” ended with exit code 3" in muster.err


def test_a_log_is_followed_from_its_beginning_to_its_end(
    muster: Person, running: RunningStack
) -> None:
    flag = running.machine.directory / "flag-cli"
    count = "for n in $(seq 400); do echo line $n of many; done"
    command = f"{count}; until test -e {flag}; do sleep 0.1; done; printf 'end\\342\\202\\254'"
    task = running.task(running.project("CLILOGS", shell("pour", command)))
    task.wait_until_logged(b"line 400")
    with muster.running_command("task", "logs", str(task.id), "--follow", "--raw") as follow:
        assert follow.stdout is not None
        first = follow.stdout.readline()
        flag.touch()
        rest = follow.stdout.read()
        assert follow.wait() == 0
    whole = task.log().decode()
    assert (first + rest).splitlines() == whole.splitlines()
    assert whole.endswith("end€")


def test_several_commands_at_once_renew_one_login_and_none_ends_it(muster: Person) -> None:
    file = muster.home / "muster" / "tokens.json"
    held = json.loads(file.read_text())
    [name] = held
    old = held[name]["refresh"]
    held[name]["access"] = "eyJ.eyJ.old"
    file.write_text(json.dumps(held))
    at_once = [
        subprocess.Popen(muster.command("whoami", "-q"), env=muster.env, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [process.communicate() and process.returncode for process in at_once] == [0, 0, 0, 0]
    assert json.loads(file.read_text())[name]["refresh"] != old
    muster("whoami")


def test_interrupting_a_watch_exits_with_130(muster: Person, running: RunningStack) -> None:
    key = running.project("CLIWATCH", shell("wait", "sleep 30"))
    task = running.task(key)
    with muster.running_command("task", "watch", str(task.id), "--until-end") as watch:
        assert watch.stdout is not None
        assert "created" in watch.stdout.readline()
        watch.send_signal(signal.SIGINT)
        assert watch.wait() == 130
    task.act("cancel")


def test_it_says_where_a_task_is_in_a_browser_and_by_which_server_it_goes(
    muster: Person, running: RunningStack
) -> None:
    key = running.project("CLIOPEN", shell("write", "true"))
    number = muster("task", "create", "-p", key, "-d", "x", "-q", "--wait").strip()
    assert muster("task", "open", number) == f"{running.stack.url}/tasks/{number}\n"
    assert running.stack.url in muster("config", "list")
    assert "muster" in muster("completion", "bash")


def test_what_is_not_there_is_status_3(muster: Person) -> None:
    muster("task", "show", "987654321", status=3)
    assert "(404 not_found, request " in muster.err


def test_a_machine_is_drained_and_comes_back(muster: Person, running: RunningStack) -> None:
    [machine] = json.loads(muster("machine", "list", "--json", "name,status"))
    muster("machine", "drain", machine["name"], "--yes", "--note", "a look")
    try:
        shown = json.loads(muster("machine", "show", machine["name"], "--json", "status,drain"))
        assert shown[0]["drain"]["note"] == "a look"
        key = running.project("CLIWAITS", shell("write", "true"))
        number = muster("task", "create", "-p", key, "-d", "Wait", "-q").strip()
        why = muster("task", "why", number)
        assert "queued" in why
        assert machine["name"] in why
        assert "draining" in why
        muster("task", "cancel", number)
    finally:
        muster("machine", "undrain", machine["name"])
