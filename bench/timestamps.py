"""A process's start time by its own clock, recorded as its first action."""

from pathlib import Path

from app.embedded.processes import wait_until
from bench.errors import NotMeasured

VARIABLE = "BENCH_STAMPS"
SCRIPT = f'printf "%s\\n" "${{EPOCHREALTIME:-$(date +%s.%N)}}" >> "${VARIABLE}"'
"""For bash. The variable is the file's path."""

_SECONDS = 60.0


class Stamps:
    """A world-appendable file, read from the beginning."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        path.touch()
        path.chmod(0o666)  # attempts have their own users

    @property
    def environment(self) -> dict[str, str]:
        return {VARIABLE: str(self.path)}

    def next(self) -> float:
        """Wait for the next timestamp and return it as Unix time. Raises NotMeasured."""
        if not wait_until(self._has_next, _SECONDS, pause=0.002):
            raise NotMeasured(f"no process started in {_SECONDS:.0f} s")
        stamp = self.path.read_text().splitlines()[self._read]
        self._read += 1
        return float(stamp.replace(",", "."))  # some locales use a comma

    def _has_next(self) -> bool:
        return self.path.read_text().count("\n") > self._read
