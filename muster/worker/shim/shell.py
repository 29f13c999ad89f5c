"""The shell beside an attempt's stage: one at a time, and none without a stage."""

import os
import selectors
import shutil
from collections.abc import Callable
from contextlib import closing
from math import inf

from muster.worker.shim.shell_run import ShellRun
from muster.worker.shim.spool import SpoolReader
from muster.worker.shim.stage_run import StageRun
from muster.worker.shim.wire import Refusal

DIRECTORY_PREFIX = "shell-"
"""In an attempt's directory, the shells' directories: this and a number."""


class StageShell:
    """Starts a shell when one is requested, and ends it with its stage."""

    def __init__(
        self,
        directory: str,
        selector: selectors.BaseSelector,
        current_stage: Callable[[], StageRun | None],
    ) -> None:
        self._directory = directory
        self._selector = selector
        self._current_stage = current_stage
        self._stage: StageRun | None = None  # the shell's
        self._shell: ShellRun | None = None
        self._number = 0
        self._offset = 0  # where the next one's output starts

    def open(self) -> int:
        """Return the running shell's number; start one if none runs. Raises Refusal."""
        if self._shell and self._shell.end_reason is None:
            return self._number
        stage = self._current_stage()
        if stage is None:
            raise Refusal("idle", "no stage is running")
        self.close()
        number = self._clear_ended()
        directory = self._path(number)
        try:
            os.mkdir(directory, 0o700)
            self._shell = stage.start_shell(directory, self._selector, self._offset)
        except OSError as error:
            raise Refusal("failed", f"the shell couldn't start: {error.strerror}") from error
        self._stage, self._number = stage, number
        return number

    def wakes_at(self) -> float:
        """When to call `tick` next, in boot-time seconds."""
        return self._shell.wakes_at() if self._shell else inf

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self._shell is None:
            return
        if self._current_stage() is not self._stage:
            self._shell.end("the stage has ended")
        self._shell.tick(now)

    def on_child_exit(self) -> None:
        """A child of the shim has exited, perhaps the shell."""
        if self._shell:
            self._shell.reap()

    def close(self) -> None:
        """End the shell, and its connections."""
        if self._shell:
            self._shell.end("the stage has ended")
            self._shell.close_peers()
        self._shell = self._stage = None

    def _clear_ended(self) -> int:
        """Remove the directories of earlier shells, also of an earlier shim's. Return the next
        number; offsets continue, too."""
        numbers = [0]
        for name in os.listdir(self._directory):
            number = name.removeprefix(DIRECTORY_PREFIX)
            if name == number or not number.isdecimal():
                continue
            numbers.append(int(number))
            try:
                with closing(SpoolReader(self._path(int(number)))) as reader:
                    self._offset = max(self._offset, reader.end_offset())
            except OSError:  # it never started
                pass
            shutil.rmtree(self._path(int(number)), ignore_errors=True)
        return max(numbers) + 1

    def _path(self, number: int) -> str:
        return os.path.join(self._directory, f"{DIRECTORY_PREFIX}{number}")
