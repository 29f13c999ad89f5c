"""The notes that stages and git's hook left, as runs and pushes."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.chaos.history import Pushed, Run

PUSHES = "pushes"
HOOK = """\
#!/bin/sh
while read -r old new ref; do
    echo "$(cut -d' ' -f1 /proc/uptime) $new $ref" >> {notes}
done
"""
_GONE = "0" * 40


def runs(directory: Path, task: str = "*") -> list[Run]:
    """In the order in which they began; `task` is the ID of one. Processes that a run left behind
    count as part of it."""
    left: dict[tuple[int, int, int], list[float]] = defaultdict(list)
    for path in sorted(directory.glob(f"{task}-*-child.notes")):
        task_id, attempt, stage, _, _ = path.stem.split("-")
        left[int(task_id), int(attempt), int(stage)] += [note["at"] for note in _notes(path)]
    found = [_run(path, left) for path in directory.glob(f"{task}-*-leader.notes")]
    return sorted((run for run in found if run), key=lambda run: run.began)


def pushes(directory: Path) -> list[Pushed]:
    """Every ref that was written at the remote, in that order."""
    path = directory / PUSHES
    lines = path.read_text().splitlines() if path.exists() else []
    words = [line.split(" ", 2) for line in lines]
    return [Pushed(float(at), ref, "" if commit == _GONE else commit) for at, commit, ref in words]


def _run(path: Path, left: dict[tuple[int, int, int], list[float]]) -> Run | None:
    notes = list(_notes(path))
    if not notes:
        return None  # killed before its first word
    first = notes[0]
    task_id, attempt, stage, pid, _ = path.stem.split("-")
    whose = int(task_id), int(attempt), int(stage)
    own = sorted(note["at"] for note in notes)
    upto = [note["upto"] for note in notes if note["what"] == "printed"]
    ends = [note["exit"] for note in notes if note["what"] == "end"]
    texts = [note["text"] for note in notes if note["what"] == "heard"]
    replies = {
        what: tuple((note["thread"], note["text"]) for note in notes if note["what"] == what)
        for what in ("replying", "replied")
    }
    printed = path.with_suffix(".out")
    return Run(
        *whose,
        pid=int(pid),
        place=first["place"],
        mark=first["mark"],
        beats=sorted([*own, *left[whose]]),
        left=sorted(left[whose]),
        led_until=own[-1],
        namespace=first["namespace"],
        printed=printed,
        confirmed=upto[-1] if upto else 0,
        exit=ends[0] if ends else None,
        choice=first["choice"],
        input=first["input"],
        heard=tuple(texts),
        request=first["request"],
        round=first["round"],
        **replies,
        is_working=any(note["what"] == "working" for note in notes),
        **_steering(notes),
    )


def _steering(notes: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """What people sent it, and what they let it do."""
    fields = {"read": "message", "receipt": "message", "asked": "request",
              "cancelled": "request", "acted": "request", "malformed": "problem"}  # fmt: skip
    found = {
        what: tuple(note[field] for note in notes if note["what"] == what)
        for what, field in fields.items()
    }
    decided = tuple(
        (note["request"], note.get("reason"))
        for note in notes
        if note["what"] in ("allowed", "denied")
    )
    receipts = found.pop("receipt")
    return {**found, "receipts": receipts, "decided": decided}


def _notes(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text().splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)
