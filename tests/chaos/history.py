"""What was seen of a run: a file that only grows, one record a line, and the machines' own notes.

All times are boot-time seconds of this host, so that what the driver saw, what a stage noted and
what git's hook wrote can be put in one order.
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from muster.worker.clock import boot_seconds
from tests.chaos.review_records import ReviewRequest, TaskMessages, TaskReviews
from tests.chaos.run import Run

NAME = "history.jsonl"


class Created(msgspec.Struct, tag="create", frozen=True):
    """A create and its answer; `request` is in the task's description, and in no other's.

    No `status`: no answer came, so that the task may exist or not.
    """

    request: str
    by: str
    began: float
    ended: float
    status: int | None = None
    task_id: int | None = None


class Answered(msgspec.Struct, tag="answer", frozen=True):
    """One client's answer to a gate; `request` went along as the comment, and is in no other."""

    task_id: int
    stage_index: int
    request: str
    by: str
    result: str
    began: float
    ended: float
    status: int | None = None
    code: str = ""


class Acted(msgspec.Struct, tag="act", frozen=True):
    """A person's cancel or retry."""

    verb: str
    task_id: int
    began: float
    ended: float
    status: int | None = None
    code: str = ""
    by: str = ""


class Operated(msgspec.Struct, tag="operate", frozen=True):
    """One try of an operator to drain, undrain or decommission a machine.

    `request` is the same in all tries of one act; `machine_id` is the machine's id then, for the
    home of `machine` may be enrolled anew.
    """

    verb: str
    machine: str
    machine_id: str
    request: str
    by: str
    began: float
    ended: float
    status: int | None = None


class Disruption(msgspec.Struct, tag="fault", frozen=True):
    """Something that was done to the stack. `task_id` and `attempt` where it hit one attempt."""

    at: float
    name: str
    target: str = ""
    task_id: int = 0
    attempt: int = 0


class Frozen(msgspec.Struct, tag="frozen", frozen=True):
    """All processes of a machine were stopped at once, and went on from `thawing` to `thawed`."""

    machine: str
    at: float
    thawing: float
    thawed: float


class TaskSeen(msgspec.Struct, tag="task", frozen=True):
    """A task as the API shows it in the end, and all of its events."""

    task: dict[str, Any]
    events: list[dict[str, Any]]


class LogSeen(msgspec.Struct, tag="log", frozen=True):
    """An attempt's log: `file` holds what `…/logs/raw` answered, or what is on the machine."""

    task_id: int
    attempt: int
    file: str
    gaps: str = ""
    on_machine: bool = False


class BranchSeen(msgspec.Struct, tag="branch", frozen=True):
    """A branch of the remote in the end; `marks` is what each stage left in its tree."""

    name: str
    commit: str
    marks: dict[str, str]


class MachineSeen(msgspec.Struct, tag="machine", frozen=True):
    """A machine as the API shows it in the end; `home` is where its workspaces lie, `room` what its
    rooms can do."""

    name: str
    home: str
    slots: int
    used: int
    status: str
    machine_id: str = ""
    sandbox: str = ""


class Survived(msgspec.Struct, tag="survivor", frozen=True):
    """A process of a stage that lived when all had ended, with its `command_line`."""

    pid: int
    task_id: int
    attempt: int
    command_line: str


class Clocks(msgspec.Struct, tag="clocks", frozen=True):
    """Both clocks of this host at one moment; `wall` in Unix time, as events have it."""

    boot: float
    wall: float


class AuditSeen(msgspec.Struct, tag="audit", frozen=True):
    """An entry of the audit log; no `task_id` and no `machine_id` where it is about something
    else."""

    action: str
    actor: str
    task_id: int = 0
    machine_id: str = ""


class Pushed(msgspec.Struct, tag="push", frozen=True):
    """A ref of the remote was written; an empty commit: it was removed."""

    at: float
    ref: str
    commit: str


Record = (
    Created
    | Answered
    | Acted
    | Operated
    | Disruption
    | Frozen
    | TaskSeen
    | LogSeen
    | BranchSeen
    | MachineSeen
    | AuditSeen
    | Pushed
    | Survived
    | Clocks
    | ReviewRequest
    | TaskReviews
    | TaskMessages
)
_decoder: "msgspec.json.Decoder[Record]" = msgspec.json.Decoder(Record)


@dataclass
class History:
    """All of it, each kind in the order of its records."""

    directory: Path
    created: list[Created] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    acts: list[Acted] = field(default_factory=list)
    operated: list[Operated] = field(default_factory=list)
    disruptions: list[Disruption] = field(default_factory=list)
    frozen: list[Frozen] = field(default_factory=list)
    tasks: dict[int, TaskSeen] = field(default_factory=dict)
    logs: dict[tuple[int, int], LogSeen] = field(default_factory=dict)
    spools: dict[tuple[int, int], LogSeen] = field(default_factory=dict)
    branches: dict[str, BranchSeen] = field(default_factory=dict)
    machines: dict[str, MachineSeen] = field(default_factory=dict)
    retired: list[MachineSeen] = field(default_factory=list)
    audited: list[AuditSeen] = field(default_factory=list)
    pushes: list[Pushed] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    survivors: list[Survived] = field(default_factory=list)
    clocks: list[Clocks] = field(default_factory=list)
    review_requests: list[ReviewRequest] = field(default_factory=list)
    reviews: dict[int, TaskReviews] = field(default_factory=dict)
    messages: dict[int, TaskMessages] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        match record:
            case Created():
                self.created.append(record)
            case Answered():
                self.answers.append(record)
            case Acted():
                self.acts.append(record)
            case Operated():
                self.operated.append(record)
            case Disruption():
                self.disruptions.append(record)
            case Frozen():
                self.frozen.append(record)
            case AuditSeen():
                self.audited.append(record)
            case Pushed():
                self.pushes.append(record)
            case Survived():
                self.survivors.append(record)
            case Clocks():
                self.clocks.append(record)
            case ReviewRequest():
                self.review_requests.append(record)
            case TaskReviews():
                self.reviews[record.task_id] = record
            case TaskMessages():
                self.messages[record.task_id] = record
            case TaskSeen():
                self.tasks[int(record.task["id"])] = record
            case LogSeen():
                logs = self.spools if record.on_machine else self.logs
                logs[record.task_id, record.attempt] = record
            case BranchSeen():
                self.branches[record.name] = record
            case MachineSeen(status="decommissioned"):
                self.retired.append(record)
            case MachineSeen():
                self.machines[record.name] = record

    def read(self, log: LogSeen) -> bytes:
        return (self.directory / log.file).read_bytes()


class Recorder:
    """Writes records, from any thread; what is written stays, however this process ends."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._file = (directory / NAME).open("ab", buffering=0)
        self._lock = threading.Lock()

    def write(self, record: Record) -> None:
        line = msgspec.json.encode(record) + b"\n"
        with self._lock:
            self._file.write(line)

    def record_disruption(
        self, name: str, target: str = "", whose: tuple[int, int] = (0, 0)
    ) -> None:
        self.write(Disruption(boot_seconds(), name, target, *whose))

    def close(self) -> None:
        self._file.close()


def load(directory: Path) -> History:
    """The records of a directory; a last line that was not finished is left out."""
    history = History(directory)
    for line in (directory / NAME).read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            history.add(_decoder.decode(line))
    return history
