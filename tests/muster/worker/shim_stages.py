"""Stages on a real shim, for the tests of the worker."""

from pathlib import Path

from muster.worker.shim.client import ShimLink, StageCommand, StageExit
from muster.worker.shim.spool import SpoolReader
from tests.wait import quote, wait_until


class Stages:
    """Runs stages on a shim and reads their output."""

    def __init__(self, shim: ShimLink, directory: Path) -> None:
        self.shim = shim
        self.directory = directory
        self._latest = 0, 0

    def start(self, *argv: str, index: int = 0, **more: object) -> bool:
        fields: dict[str, object] = {
            "stage_index": index,
            "argv": list(argv),
            "env": {"PATH": "/usr/local/bin:/usr/bin:/bin"},
            "cwd": "/",
            "timeout": 60.0,
            **more,
        }
        command = StageCommand(**fields)  # type: ignore[arg-type]
        self._latest = command.stage_index, command.run
        return self.shim.start_stage(command)

    def run(self, *argv: str, index: int = 0, **more: object) -> StageExit:
        self.start(*argv, index=index, **more)
        return self.wait(index)

    def wait(self, index: int = 0, run: int = 0) -> StageExit:
        end = self.shim.wait_for_exit(index, timeout=30, run=run)
        assert end is not None, "the stage does not end"
        return end

    def wait_for(self, text: bytes) -> bytes:
        """The output up to now, once `text` is in it."""

        def poll() -> bytes | None:
            output = self.output()
            return output if text in output else None

        def pause() -> None:
            self.shim.wait_for_log(self.shim.log_end, timeout=0.1)

        return wait_until(poll, f"{text!r} in the log", problem=self.find_problem, pause=pause)

    def find_problem(self) -> str | None:
        """Why the latest stage writes nothing more."""
        if end := self.shim.find_exit(*self._latest):
            return f"the stage ended by {end.how} {end.code} {end.message}{quote(self.output())}"
        return f"the shim is gone{quote(self.output())}" if self.shim.is_gone else None

    def output(self) -> bytes:
        reader = SpoolReader(self.directory)
        whole = b"".join(piece.data for piece in reader.read(0, 1 << 30))
        reader.close()
        return whole
