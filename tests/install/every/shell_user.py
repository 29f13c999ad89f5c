"""A user at a shell, who runs installed commands, each in its own process."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.install.every.seen_outputs import SeenOutputs, list_read_commands
from tests.install.people import Person
from tests.muster.cli import json_schema
from tests.ptys import Pty
from tests.wait import exit_of, wait_for_output, wait_until

SCHEMA: Mapping[str, Mapping[str, str]] = json.loads(json_schema.COMMITTED.read_text())
READ_COMMANDS = list_read_commands(SCHEMA)
SEEN_OUTPUTS = SeenOutputs()
TIMEOUT_SECONDS = 300.0  # seconds, beside other tests
_RAW = re.compile(r"^(None|True|False)$|\b(None|True|False)\b  |\{'|\['", re.MULTILINE)
FAILED, NOT_ALLOWED, WAITS = 1, 3, 4


class RunningCommand:
    """A running command, and its output so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self._log = process, log

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_for_output(self, text: str) -> None:
        wait_for_output(self._log, text, self.process, TIMEOUT_SECONDS)

    def wait_for_match(self, pattern: "re.Pattern[str]") -> "re.Match[str]":
        problem = exit_of(self.process, self._log)
        return wait_until(lambda: pattern.search(self.output), pattern.pattern, problem=problem)

    def wait_until_ended(self, status: int) -> None:
        assert self.process.wait(TIMEOUT_SECONDS) == status, self.output


class ShellUser:
    """Words go to `muster`, unless they start with `muster-server`. `place` has the user's profiles
    and tokens.
    """

    def __init__(self, person: Person, program: Path, name: str) -> None:
        self.person, self.program, self.name = person, program, name
        self.place = person.home / "people" / name
        person.output_of("mkdir", "-p", self.place)
        self.env = {"XDG_CONFIG_HOME": str(self.place), "MUSTER_KEYRING": "off"}
        self.err = ""

    def __call__(self, line: str, *, status: int | None = 0, given: str = "") -> str:
        """Return the command's standard output; `err` is its standard error. `status` None: any
        exit status.
        """
        return self._run(shlex.split(line), status, given)

    def run_json(self, line: str, *, status: int = 0, given: str = "") -> list[dict[str, Any]]:
        """Return its JSON with all fields, which must match the committed schema. Read-only
        commands also run without JSON, the first time that they return something.
        """
        words = shlex.split(line)
        name = json_schema.name_of(words, SCHEMA)
        shape = SCHEMA[name]
        items = json.loads(self._run([*words, "--json", ",".join(shape)], status, given))
        wrong = [fault for item in items for fault in json_schema.mismatches(item, shape)]
        assert not wrong, (line, wrong)
        if SEEN_OUTPUTS.is_first(name, items) and name in READ_COMMANDS:
            err, in_words = self.err, self._run(words, status, given)
            assert in_words.strip(), line
            assert not _RAW.search(in_words), in_words
            self.err = err
        return list(items)

    def start(self, line: str, log: Path) -> "subprocess.Popen[bytes]":
        """Start a command in the background."""
        env = {**self.env, "PYTHONUNBUFFERED": "1"}
        return self.person.start(*self._argv(shlex.split(line)), log=log, env=env)

    @contextmanager
    def start_beside(self, line: str) -> Iterator[RunningCommand]:
        """The same, until its exit in this context."""
        process = self.start(line, log := self.place / "beside.log")
        try:
            yield RunningCommand(process, log)
        finally:
            process.kill()
            process.wait()

    def sits(self, line: str, cols: int = 80, rows: int = 24) -> Pty:
        """The command in a terminal of that size."""
        who = self.person.account
        become = ("setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups")
        argv = [*(become if os.geteuid() == 0 else ()), *self._argv(shlex.split(line))]
        return Pty(argv, self.person.environment(**self.env), cols, rows)

    def _argv(self, words: list[str]) -> list[str]:
        if words[0] == "muster-server":
            return [str(self.program.with_name(words[0])), *words[1:]]
        return [str(self.program), *words]

    def _run(self, words: list[str], status: int | None, given: str) -> str:
        done = self.person.run(*self._argv(words), given=given, env=self.env)
        assert status in (None, done.returncode), (
            f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        self.err = done.stderr
        return done.stdout
