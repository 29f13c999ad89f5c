"""When a process started, by its own clock: the first thing it does is to write it down."""

from pathlib import Path

from app.embedded.processes import wait_until
from bench.errors import NotMeasured

VARIABLE = "BENCH_STAMPS"
SCRIPT = f'printf "%s\\n" "${{EPOCHREALTIME:-$(date +%s.%N)}}" >> "${VARIABLE}"'
"""For bash. The variable names the file."""

_SECONDS = 60.0


class Stamps:
    """A file that everybody may append to, read from its beginning."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        path.touch()
        path.chmod(0o666)  # an attempt has a uid of its own

    @property
    def environment(self) -> dict[str, str]:
        return {VARIABLE: str(self.path)}

    def next(self) -> float:
        """The next one, in Unix time, waited for. Raises NotMeasured."""
        if not wait_until(self._has_next, _SECONDS, pause=0.002):
            raise NotMeasured(f"a process should have started, but has not in {_SECONDS:.0f} s")
        stamp = self.path.read_text().splitlines()[self._read]
        self._read += 1
        return float(stamp.replace(",", "."))  # some locales write it so

    def _has_next(self) -> bool:
        return self.path.read_text().count("\n") > self._read
