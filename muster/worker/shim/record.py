"""`state.json`: the shim's state, so that no stage is lost when the shim or the daemon exits."""

import contextlib
import json
import os
from typing import Any, NamedTuple

from muster.worker.shim.wire import StageExit, StrPath, from_fields

FILE_NAME = "state.json"


class StageRecord(NamedTuple):
    """A started run of a stage; `leader` is its first process, as (pid, start tick)."""

    stage_index: int
    started_at_ms: int
    leader: tuple[int, int] | None = None
    end: StageExit | None = None
    run: int = 0


class AttemptRecord:
    """The stages of one attempt, in the order of their starts."""

    def __init__(self, began_at_ms: int, stages: list[StageRecord], asked: int = 0) -> None:
        """`asked`: the number of questions so far."""
        self.began_at_ms = began_at_ms
        self.stages = stages
        self.question_count = asked

    @classmethod
    def load(cls, directory: StrPath) -> "AttemptRecord | None":
        """Return an earlier shim's record; None if there is none."""
        try:
            with open(os.path.join(directory, FILE_NAME), "rb") as file:
                fields = json.load(file)
        except FileNotFoundError:
            return None
        stages = [_parse_stage(stage) for stage in fields["stages"]]
        return cls(fields["began_at_ms"], stages, fields["asked"])

    @property
    def latest_run(self) -> tuple[int, int] | None:
        """The highest started stage, and its run: they only ever increase."""
        return (self.stages[-1].stage_index, self.stages[-1].run) if self.stages else None

    @property
    def stage_exits(self) -> tuple[StageExit, ...]:
        return tuple(stage.end for stage in self.stages if stage.end)

    def add_stage(self, stage_index: int, run: int, now_ms: int) -> None:
        self.stages.append(StageRecord(stage_index, now_ms, run=run))

    def set_leader(self, leader: tuple[int, int] | None) -> None:
        self.stages[-1] = self.stages[-1]._replace(leader=leader)

    def set_exit(self, end: StageExit) -> None:
        self.stages[-1] = self.stages[-1]._replace(end=end)

    def write(self, directory: StrPath, *, durable: bool = True) -> None:
        """Replace the file atomically; `durable`: also if the power fails. Raises OSError."""
        replace_file(directory, FILE_NAME, self._fields(), durable=durable)

    def _fields(self) -> dict[str, Any]:
        stages = [
            {**stage._asdict(), "end": stage.end and stage.end._asdict()} for stage in self.stages
        ]
        return {"began_at_ms": self.began_at_ms, "stages": stages, "asked": self.question_count}


def replace_file(directory: StrPath, name: str, fields: dict[str, Any], *, durable: bool) -> None:
    """Replace a JSON file atomically; `durable`: also if the power fails. Raises OSError."""
    path = os.path.join(directory, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(fields, file)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    os.replace(path + ".new", path)
    if durable:
        _sync_directory(directory)


def _parse_stage(fields: dict[str, Any]) -> StageRecord:
    stage = from_fields(StageRecord, fields)
    return stage._replace(
        leader=tuple(fields["leader"]) if fields["leader"] else None,
        end=from_fields(StageExit, fields["end"]) if fields["end"] else None,
    )


def _sync_directory(directory: StrPath) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    # Some file systems can't sync a directory, and needn't.
    with contextlib.suppress(OSError):
        os.fsync(handle)
    os.close(handle)
