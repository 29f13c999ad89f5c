"""What a machine says: its greeting, its heartbeats, its reports and its logs."""

from typing import Literal

import msgspec

from muster.protocol.bounds import (
    Big,
    BoundedList,
    Bytes,
    Count,
    Int,
    Label,
    MessageText,
    Name,
    Secret,
    Stage,
    TruncatedTo100,
    TruncatedTo500,
    Url,
)
from muster.protocol.frames.parts import (
    Capability,
    Frame,
    Metrics,
    Part,
    SandboxFacts,
    UpgradeFacts,
)
from muster.protocol.frames.reports import Report, StageExitReason
from muster.protocol.labels import Labels

TrackedState = Literal["working", "waiting", "publishing", "published", "stopped", "failed"]


class TrackedAttempt(Part):
    """An attempt that the machine knows of, as `Hello` names it.

    `stage_index` is the highest stage whose order it accepted (-1: none yet), and `run` the highest
    run of that stage. `working` means that a stage order is being carried out, `waiting` that its
    end has been journalled. `ended_by` is the `how` of the last stage's end, once there was one.
    `log_offset` is how many log bytes the machine has, whether sent or not. `push` is the highest
    number of an order to push that it has taken.
    """

    task_id: Big
    attempt: Count
    stage_index: Int
    state: TrackedState
    log_offset: Big
    ended_by: StageExitReason | None = None
    run: Count = 0
    push: Count = 0


class Hello(Frame, tag="hello"):
    """Machine, first frame, within 5 s of connecting. Answered by `Welcome` and the orders due.

    `attempts` is complete: an attempt it does not name is gone from the machine. `checks_commits`:
    it goes on from the commit that an order names and from no other (`Repo.resume_commit`). One
    that does not say so is given no task that goes on from a checkpoint.
    """

    protocol: Count
    worker_jwt: Secret
    machine_id: Name
    journal_id: Name
    version: Label = ""
    slots: Count = 2
    capabilities: TruncatedTo100[Capability] = []
    repositories: TruncatedTo500[Url] = []
    attempts: BoundedList[TrackedAttempt] = []
    # None: the worker is of a release that knows no rooms
    sandbox: SandboxFacts | None = msgspec.field(default=None, name="room")
    labels: Labels = {}
    upgrade: UpgradeFacts | None = None  # None: a release that knows no `Upgrade`, and is sent none
    checks_commits: bool = False


class Heartbeat(Frame, tag="heartbeat"):
    """Machine, every `Welcome.heartbeat_seconds`. Answered by `HeartbeatAck` of the same number.

    The machine's lease runs from the moment it sent the heartbeat that is answered. Capabilities,
    repositories, room and upgrade are sent only when they changed.
    """

    number: Big
    metrics: Metrics | None = None
    capabilities: TruncatedTo100[Capability] | None = None
    repositories: TruncatedTo500[Url] | None = None
    sandbox: SandboxFacts | None = msgspec.field(default=None, name="room")
    upgrade: UpgradeFacts | None = None


class Log(msgspec.Struct):
    """Machine, a run of log bytes at `offset` of the attempt (binary frame, see `codec`).

    `milliseconds` counts from the attempt's beginning. Answered by `Ack.logs`, or by `LogGap` when
    the server has not got the bytes before it.
    """

    task_id: Big
    attempt: Count
    stage_index: Stage
    offset: Big
    milliseconds: Big
    data: Bytes


class TerminalClosed(Frame, tag="terminal-closed"):
    """Machine: a terminal channel has ended, or could not be opened. Not journalled.

    If somebody still looks, the server answers with another `OpenTerminal`.
    """

    task_id: Big
    attempt: Count
    reason: MessageText = ""


FromMachine = Hello | Heartbeat | Report | TerminalClosed
