"""Frames from machines: hello, heartbeats, reports and logs."""

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
    Path,
    Ref,
    Secret,
    Stage,
    TranscriptText,
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
    """An attempt that the machine has, as listed in `Hello`.

    `stage_index` is the highest stage whose order it accepted (-1: none yet), and `run` the highest
    run of that stage. `working`: it's executing a stage order; `waiting`: it has journaled the
    stage's end. `ended_by` is the `how` of the last stage's end, if one has ended. `log_offset` is
    how many log bytes the machine has, sent or not. `push` is the highest number of an accepted
    push order.
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

    `attempts` is complete: an attempt that isn't listed is gone from the machine. `checks_commits`
    is always true: the machine continues only from the commit that an order names
    (`Repo.resume_commit`). `checks_repositories`: it answers `CheckRepository`. `fetches_images`:
    it fetches the images that a stage's order names (`RunStage.images`). `takes_messages`: it
    understands `AgentMessage` and `Interrupt`; which of its agents do, their capabilities state.
    `opens_shells`: it opens shells beside stages (`OpenTerminal.shell`). `repeats_stages`: it runs
    earlier stages again (`RunStage.run`).
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
    sandbox: SandboxFacts | None = msgspec.field(default=None, name="room")
    labels: Labels = {}
    upgrade: UpgradeFacts | None = None
    checks_commits: bool = False
    checks_repositories: bool = False
    fetches_images: bool = False
    takes_messages: bool = False
    opens_shells: bool = False
    repeats_stages: bool = False


class WaitingTerminal(Part):
    """A running stage whose agent asks something on its terminal's screen before it works."""

    task_id: Big
    attempt: Count
    stage_index: Count
    run: Count = 0


class Heartbeat(Frame, tag="heartbeat"):
    """Machine, every `Welcome.heartbeat_seconds`. Answered by `HeartbeatAck` with the same number.

    The machine's lease starts when it sent the answered heartbeat. Capabilities, repositories,
    sandbox and upgrade are sent only when they changed; so are the waiting terminals, complete, and
    in each connection's first heartbeat.
    """

    number: Big
    metrics: Metrics | None = None
    capabilities: TruncatedTo100[Capability] | None = None
    repositories: TruncatedTo500[Url] | None = None
    sandbox: SandboxFacts | None = msgspec.field(default=None, name="room")
    upgrade: UpgradeFacts | None = None
    waiting_terminals: BoundedList[WaitingTerminal] | None = None


class Log(msgspec.Struct):
    """Machine, a run of log bytes at `offset` of the attempt (binary frame, see `codec`).

    `milliseconds` counts from the attempt's start. Answered by `Ack.logs`, or by `LogGap` if the
    server doesn't have the preceding bytes.
    """

    task_id: Big
    attempt: Count
    stage_index: Stage
    offset: Big
    milliseconds: Big
    data: Bytes


class TerminalClosed(Frame, tag="terminal-closed"):
    """Machine: a terminal channel has ended, or could not be opened. Not journaled.

    If there are still viewers, the server answers with another `OpenTerminal`; not at once for a
    shell.
    """

    task_id: Big
    attempt: Count
    reason: MessageText = ""
    shell: bool = False


CheckedState = Literal["reached", "folder_refused", "ssh_refused", "failed", "timeout", "busy"]
"""The operator doesn't allow that folder (`folder_refused`), or the machine's own keys at that host
(`ssh_refused`). `busy`: the machine is running other checks."""


class RepositoryChecked(Frame, tag="repository-checked"):
    """Machine: the answer to `CheckRepository`. Not journaled.

    `has_base`: the order's base is one of its branches, even if `branches` doesn't list it. `head`
    is the remote's default branch. `details` is git's own text, with credentials masked. `folders`
    are the allowed ones, if the repository's isn't; `host_keys` are the `known_hosts` lines of an
    SSH host that git doesn't know.
    """

    id: Name
    state: CheckedState
    has_base: bool = False
    head: Ref = ""
    branches: TruncatedTo100[Ref] = []
    details: MessageText = ""
    folders: TruncatedTo100[Path] = []
    host_keys: TruncatedTo100[MessageText] = []


class TextDelta(Frame, tag="text-delta"):
    """Machine: more of what the agent writes, or of a running command's output. Not journaled: the
    complete text follows as a transcript entry.

    `entry` is the number of the entry that it will be part of, or is (`output`); `offset` counts
    the characters before it. Sent at most ten times a second for an attempt. `cpu` isn't a text,
    but how many processors the stage's processes use while the entry runs: `0.8`, every 2 s.
    """

    task_id: Big
    attempt: Count
    stage_index: Count
    entry: Big
    kind: Literal["message", "thought", "output", "cpu"]
    offset: Big
    text: TranscriptText
    run: Count = 0


FromMachine = Hello | Heartbeat | Report | TextDelta | TerminalClosed | RepositoryChecked
