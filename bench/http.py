"""Reads over HTTP: whether they cost the same with a hundred times the rows, and their cost.

Requests alternate between a small and a big database, and for the simplest read between Muster and
a bare Flask app.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from bench import command
from bench.command import Print
from bench.errors import NotMeasured
from bench.figures import Blocks, Figure, Ratio, Report, flat, latency, percentile
from bench.sizes import Rig, Served, Size, running_rig
from bench.wire import Wire

SMALL = Size(10_000, 100_000, 10_000, 10_000)
BIG = Size(1_000_000, 10_000_000, 1_000_000, 1_000_000)
QUICK = Size(100_000, 1_000_000, 100_000, 100_000)
MAX_GROWTH, MAX_BARE_RATIO = 2.0, 2.5
ROUNDS = 5
TURNS = 40  # per round and side
_WARM = 10
_TASKS = "/api/web/tasks"

Made = dict[str, Any]


@dataclass(frozen=True)
class Read:
    """A request by a person; `path` builds it from the database's rows."""

    name: str
    who: str
    path: Callable[[Made, Random], str]


def _search(name: str, text: Callable[[Made], str]) -> Read:
    def path(made: Made, _: Random) -> str:
        return f"/api/web/search?q={quote(text(made), safe='')}"

    return Read(f"search, {name}", "member", path)


def _at(made: Made, name: str, part: float, chance: Random) -> int:
    """Return an offset near that fraction of the total."""
    return int(made[name] * part) + chance.randrange(0, 500)


def _events(name: str, query: str = "", *, deep: bool = False) -> Read:
    """Return a read of events, of the task that has a tenth of all."""

    def path(made: Made, chance: Random) -> str:
        offset = _at(made, "deep_task_events", 0.7, chance) if deep else 0
        return f"{_TASKS}/{made['deep_task']}/events?{query}&offset={offset}"

    return Read(f"events, {name}", "member", path)


READS = (
    Read("list, admin", "admin", lambda made, _: _TASKS),
    Read("list, lead", "lead", lambda made, _: _TASKS),
    Read("list, member of a big project", "member", lambda made, _: _TASKS),
    Read("list, member of a small old project", "hermit", lambda made, _: _TASKS),
    Read("list, running", "admin", lambda made, _: f"{_TASKS}?status=running"),
    Read("list, failed or cancelled", "admin", lambda made, _: f"{_TASKS}?status=failed,cancelled"),
    Read("list, queued, member", "member", lambda made, _: f"{_TASKS}?status=queued"),
    Read("list, by project", "admin", lambda made, _: f"{_TASKS}?project={made['project']}"),
    Read("list, small project", "lead", lambda made, _: f"{_TASKS}?project={made['old_project']}"),
    Read("list, with a rare word", "admin", lambda made, _: f"{_TASKS}?q={made['rare_word']}"),
    Read("list, with a common word", "admin", lambda made, _: f"{_TASKS}?q={made['common_word']}"),
    Read("a machine's tasks", "lead", lambda m, _: f"/api/web/machines/{m['machine_id']}/tasks"),
    Read(
        "a machine's tasks, member of a small old project",
        "hermit",
        lambda made, _: f"/api/web/machines/{made['machine_id']}/tasks",
    ),
    Read("get", "admin", lambda made, chance: f"{_TASKS}/{chance.randint(1, made['tasks'] // 2)}"),
    Read("get, queued", "member", lambda made, _: f"{_TASKS}/{made['queued_task']}"),
    _events("first page"),
    _events("deep", deep=True),
    _events("checkpoints only", "type=checkpoint,warning"),
    _events("notes only, which nearly all are", "type=log"),
    _events("notes only, deep", "type=log", deep=True),
    _events("five types, deep", "type=log,started,checkpoint,warning,error", deep=True),
    _events("with a text that no event has", "search=xylophone"),
    _events("with a number that no event has", "search=999999999"),
    _events("with a text that many events have", "search=TESTS"),
    _events("notes with a text that no note has", "type=log&search=xylophone"),
    Read(
        "log lines, in the middle",
        "member",
        lambda made, chance: (
            f"{_TASKS}/{made['long_log_task']}/logs?offset={_at(made, 'log_lines', 0.5, chance)}"
        ),
    ),
    Read(
        "log lines, the last",
        "member",
        lambda made, _: f"{_TASKS}/{made['long_log_task']}/logs?offset=-50",
    ),
    _search("a rare word", lambda made: str(made["rare_word"])),
    _search("a common word", lambda made: str(made["common_word"])),
    _search("a number", lambda made: f"#{made['deep_task']}"),
    _search("a machine's name", lambda made: str(made["machine"])),
    _search("nothing found", lambda made: "xylophonist"),
    Read("dashboard, stats", "member", lambda m, _: "/api/web/dashboard/stats"),
    Read("dashboard, activity", "member", lambda m, _: "/api/web/dashboard/recent-activity"),
    Read("projects", "member", lambda made, _: "/api/web/projects"),
)


class Asker:
    """Repeats one read on one server."""

    def __init__(self, served: Served, read: Read) -> None:
        self._wire, self._made = Wire(served.server.port), served.made
        self._headers = {"Authorization": f"Bearer {served.tokens[read.who]}"}
        self._path, self._chance = read.path, Random(1)

    def __call__(self) -> float:
        """Seconds. Raises NotMeasured."""
        path = self._path(self._made, self._chance)
        seconds, status, body = self._wire.get(path, self._headers)
        if status != 200:
            raise NotMeasured(f"{path} returned {status}: {body[:300]!r}")
        return seconds

    def close(self) -> None:
        self._wire.close()


def in_turns(ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[Blocks, Blocks]:
    """Return the seconds of both sides, alternating, in rounds."""
    for _ in range(_WARM):
        ours(), theirs()
    found: tuple[list[list[float]], list[list[float]]] = ([], [])
    for _ in range(ROUNDS):
        pairs = [(ours(), theirs()) for _ in range(TURNS)]
        for blocks, samples in zip(found, zip(*pairs, strict=True), strict=True):
            blocks.append(list(samples))
    return found


def measure(say: Print, options: argparse.Namespace) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    size = QUICK if options.quick else BIG
    times = size.tasks // SMALL.tasks
    report = Report(f"Reads at {SMALL.tasks:,} and {size.tasks:,} tasks ({times} times)")
    chosen = [read for read in READS if options.only in read.name]
    with running_rig(say, options.database_dir) as rig:
        small = rig.serve("small", SMALL)
        big = rig.serve(f"big{size.tasks}", size)
        for read in chosen:
            report.figures += _compared(read, small, big, say)
        if not options.only:
            report.figures.append(_beside_bare(rig, small, say))
    report.notes += [
        "Rows that end in “p99” compare all samples' 99th percentiles; the",
        "brackets show the lowest and the highest ratio of medians of the rounds.",
        "fsync is off; no measured request writes.",
        "",
    ]
    return report


def _compared(read: Read, small: Served, big: Served, say: Print) -> list[Figure]:
    theirs, ours = Asker(small, read), Asker(big, read)
    try:
        blocks, floor = in_turns(ours, theirs)
    finally:
        ours.close()
        theirs.close()
    ratio = Ratio.from_blocks(blocks, floor)
    beside = statistics.median(flat(floor)) * 1000
    median = latency(read.name, blocks, beside="small", beside_value=beside, ratio=ratio)
    worst = _worst(read.name, blocks, floor, ratio)
    say(f"{read.name}: {ratio.median:.2f} times the small one's median, {_times(worst)} its p99")
    return [median, worst]


def _times(figure: Figure) -> str:
    return f"{figure.ratio.median:.2f}" if figure.ratio else "?"


def _worst(name: str, blocks: Blocks, floor: Blocks, medians: Ratio) -> Figure:
    mine, its = (percentile(flat(each), 99) * 1000 for each in (blocks, floor))
    ratio = Ratio(mine / its, medians.low, medians.high)
    return Figure(
        f"{name}, p99",
        mine,
        "ms",
        beside="small",
        beside_value=its,
        ratio=ratio,
        max_ratio=MAX_GROWTH,
    )


def _beside_bare(rig: Rig, small: Served, say: Print) -> Figure:
    """Measure the simplest read: an ended task, requested by an admin."""
    task_id = small.made["task"]
    ours = Asker(small, Read("", "admin", lambda made, _: f"{_TASKS}/{task_id}"))
    wire = Wire(rig.bare("small").port)

    def bare() -> float:
        seconds, status, body = wire.get(f"/tasks/{task_id}", {"X-Developer": "1"})
        if status != 200:
            raise NotMeasured(f"the bare app returned {status}: {body[:300]!r}")
        return seconds

    blocks, floor = in_turns(ours, bare)
    ours.close()
    wire.close()
    ratio = Ratio.from_blocks(blocks, floor)
    say(f"one warm row: {ratio.median:.2f} times a bare Flask and SQLAlchemy route")
    return latency(
        "GET of an ended task, warm",
        blocks,
        beside="bare Flask + SQLAlchemy",
        beside_value=statistics.median(flat(floor)) * 1000,
        ratio=ratio,
        max_ratio=MAX_BARE_RATIO,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure whether reads cost the same at any size.")
    parser.add_argument("--quick", action="store_true", help="use 100,000 tasks as the big size")
    parser.add_argument(
        "--database-dir",
        type=Path,
        help="directory in which to keep databases and reuse existing ones",
    )
    parser.add_argument("--only", default="", help="only reads with this in their name")
    return parser


def main(_: Sequence[str] = ()) -> int:
    return command.run_with(_parser(), measure)


if __name__ == "__main__":
    sys.exit(main())
