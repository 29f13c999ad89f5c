"""Stages on a real shim, for the tests of the worker."""

from pathlib import Path

from muster.worker.shim.client import ShimLink, StageCommand, StageEnd
from muster.worker.shim.spool import SpoolReader


class Stages:
    """Runs stages on a shim and reads what they wrote."""

    def __init__(self, shim: ShimLink, directory: Path) -> None:
        self.shim = shim
        self.directory = directory

    def begin(self, *argv: str, index: int = 0, **more: object) -> bool:
        fields: dict[str, object] = {
            "stage_index": index,
            "argv": list(argv),
            "env": {"PATH": "/usr/local/bin:/usr/bin:/bin"},
            "cwd": "/",
            "timeout": 60.0,
            **more,
        }
        return self.shim.begin(StageCommand(**fields))  # type: ignore[arg-type]

    def run(self, *argv: str, index: int = 0, **more: object) -> StageEnd:
        self.begin(*argv, index=index, **more)
        return self.wait(index)

    def wait(self, index: int = 0, run: int = 0) -> StageEnd:
        end = self.shim.wait(index, timeout=30, run=run)
        assert end is not None, "the stage does not end"
        return end

    def wait_for(self, text: bytes) -> bytes:
        """The output up to now, once `text` is in it."""
        seen = -1
        while text not in (output := self.output()):
            beyond, seen = seen, self.shim.wait_log(seen, timeout=20)
            assert seen > beyond, f"{text!r} never came: {output!r}"
        return output

    def output(self) -> bytes:
        reader = SpoolReader(self.directory)
        whole = b"".join(piece.data for piece in reader.read(0, 1 << 30))
        reader.close()
        return whole
