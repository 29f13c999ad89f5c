"""The CPU time of `muster --help`, from the installed package and from this checkout.

Compared with Python that imports click, and Python that does nothing, in turns.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from bench import command
from bench.command import Print
from bench.errors import NotMeasured
from bench.figures import Figure, Ratio, Report, flat, latency
from packages import build

MAX_RATIO = 1.3  # times the same Python's `import click`
WANTED = 0.150  # seconds for the installed package
_RUNS = 6
_ROUNDS, _QUICK = 10, 5
_BARE, _CLICK = "python -c pass", "python -c 'import click'"
_OURS = ("muster --help, installed", "muster --help, of the checkout")


def measure(say: Print, options: argparse.Namespace) -> Report:
    """Measure everything in one run. Raises NotMeasured."""
    report = Report("muster --help")
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as directory:
        say("packing and installing muster-client")
        commands = _installed(Path(directory))
        python = str(commands / "python")
        asked = {
            _BARE: (python, "-c", "pass"),
            _CLICK: (python, "-c", "import click"),
            _OURS[0]: (str(commands / "muster"), "--help"),
            _OURS[1]: (sys.executable, "-m", "muster", "--help"),
        }
        blocks = _in_turns(asked, _QUICK if options.quick else _ROUNDS, say)
    report.figures += _figures(blocks)
    least = min(flat(blocks[_OURS[0]]))
    is_met = "ok" if least <= WANTED else "MISSED"
    report.notes.append(
        f"Minimum of the installed package: {least * 1000:.0f} ms, at most"
        f" {WANTED * 1000:.0f} ms: {is_met}."
    )
    return report


def _installed(directory: Path) -> Path:
    """Install the package and return its directory of commands. Raises NotMeasured."""
    wheel = build.build_wheel(build.CLIENT, directory)
    home = directory / "environment"
    venv.create(home, with_pip=True)
    pip = [str(home / "bin/python"), "-m", "pip", "install", "--quiet", str(wheel)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotMeasured(f"can't install the package: {done.stderr.strip()[-300:]}")
    return home / "bin"


def _in_turns(
    asked: dict[str, Sequence[str]], rounds: int, say: Print
) -> dict[str, list[list[float]]]:
    for argv in asked.values():
        _seconds(argv)  # compiles, and brings files into the page cache
    blocks: dict[str, list[list[float]]] = {name: [] for name in asked}
    for number in range(1, rounds + 1):
        block: dict[str, list[float]] = {name: [] for name in asked}
        for _ in range(_RUNS):
            for name, argv in asked.items():
                block[name].append(_seconds(argv))
        for name, samples in block.items():
            blocks[name].append(samples)
        say(f"round {number} of {rounds}")
    return blocks


def _seconds(argv: Sequence[str]) -> float:
    """Return a command's seconds of CPU time. Raises NotMeasured."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    status = subprocess.run(argv, cwd=build.ROOT, stdout=subprocess.DEVNULL, check=False).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status:
        raise NotMeasured(f"{' '.join(argv)} exited with {status}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _figures(blocks: dict[str, list[list[float]]]) -> list[Figure]:
    installed, checkout = _OURS

    def beside(name: str, floor: str, at_most: float | None = None) -> Figure:
        return latency(
            name,
            blocks[name],
            beside=floor,
            beside_value=statistics.median(flat(blocks[floor])) * 1000,
            ratio=Ratio.from_blocks(blocks[name], blocks[floor]),
            max_ratio=at_most,
        )

    return [beside(installed, _CLICK, MAX_RATIO), beside(checkout, _CLICK), beside(_CLICK, _BARE)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.cli", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="run fewer rounds")
    return parser


if __name__ == "__main__":
    sys.exit(command.run_with(_parser(), measure))
