"""Machines' reports about attempts: journaled there, and repeated until acknowledged."""

from typing import Literal

import msgspec

from muster.protocol.bounds import (
    Big,
    BoundedList,
    Commit,
    Count,
    Head,
    Host,
    Int,
    Label,
    Link,
    MessageText,
    Path,
    Ref,
    Reply,
    ShortString,
    TruncatedTo100,
)
from muster.protocol.frames.changes import Changes, Content
from muster.protocol.frames.parts import (
    AgentFailure,
    BranchMove,
    DiffStat,
    Frame,
    ReportBody,
    Revision,
    SuspendedBy,
    TranscriptEntry,
    UsageItem,
)
from muster.protocol.frames.steering import (
    InterruptIgnored,
    MessageOutcome,
    QuestionOpened,
    QuestionWithdrawn,
    TranscriptUpdated,
)

StageExitReason = Literal["exit", "signal", "timeout", "stopped", "lease"]


class Accepted(ReportBody, tag="accepted"):
    """The machine has journaled the attempt's first order, and tracks the attempt from now on."""


class Note(ReportBody, tag="note"):
    """A machine's note about its work (cloning 40 %, pushing): an event for people."""

    level: Literal["info", "warning", "error"]
    text: MessageText


class StageStarted(ReportBody, tag="stage-started"):
    """The stage's process is running."""

    stage_index: Count
    run: Count = 0


class StageFinished(ReportBody, tag="stage-finished"):
    """The stage's process group is gone. Takes effect when the log has reached `log_end` bytes.

    `how` defines `code`: for `exit` it's the exit code, for `signal` the signal's number; for
    `timeout`, `stopped` (by an order) and `lease` (the machine fenced itself) it's unused.
    `failure` is the agent's reason for its failure, if it reports one; `denied` the number of tool
    calls it was denied, if it reports it.
    """

    stage_index: Count
    log_end: Big
    how: StageExitReason
    code: Int = 0
    run: Count = 0
    failure: AgentFailure | None = None
    denied: Count | None = None


class Transcript(ReportBody, tag="transcript"):
    """An agent's actions since the last report of this kind. Entries are numbered from 0 within the
    attempt, here from `first` on. All of a stage's come before its `StageFinished`."""

    stage_index: Count
    first: Big
    entries: BoundedList[TranscriptEntry]
    run: Count = 0


class Usage(ReportBody, tag="usage"):
    """The agent's usage so far in this run of the stage, by model; replaces earlier reports. Sent
    during the stage, and at its end before its `StageFinished`."""

    stage_index: Count
    agent: ShortString
    items: TruncatedTo100[UsageItem]
    run: Count = 0


class ThreadReplied(ReportBody, tag="replied"):
    """An agent replies in a thread of the review that its task's follow-up is about
    (`RunStage.threads`). `number` is the transcript entry with the same text."""

    stage_index: Count
    number: Big
    thread: Big
    text: Reply
    run: Count = 0


class Suspended(ReportBody, tag="suspended"):
    """That run of the stage was interrupted and has no processes left; the attempt is kept as at a
    gate, and continues with the next run. Takes effect when the log has reached `log_end` bytes.

    `message` is the agent's text for people. `resets_at_ms` is when its account has quota again, in
    milliseconds since 1970; None: unknown.
    """

    stage_index: Count
    log_end: Big
    reason: SuspendedBy
    message: MessageText = ""
    resets_at_ms: Big | None = None
    run: Count = 0


class Checkpoint(ReportBody, tag="checkpoint"):
    """The stage's work is pushed as `ref`; reported before its `StageFinished`, and again after a
    tunnel closes through which the work was changed while the task waited.

    `diff` counts from the base. None: unknown. `partial`: the stage was interrupted, and this is
    its unfinished work; reported before its `Suspended`. `follows`: the previous checkpoint, or the
    base.
    """

    stage_index: Count
    ref: Ref
    commit: Commit
    diff: DiffStat | None = None
    run: Count = 0
    partial: bool = False
    tree: Commit | None = None
    follows: Revision | None = None


class PublishPreview(ReportBody, tag="to-publish"):
    """The commit that the machine would push, which no checkpoint of this attempt reported. Answers
    the `Publish` with that number and `announce`; it pushes nothing before the next one.
    """

    number: Count
    commit: Commit
    tree: Commit
    follows: Revision | None = None


class Published(ReportBody, tag="published"):
    """The attempt's branch is pushed. Answers `Publish`. `moved`: so is the task's, if the order
    named one."""

    branch: Ref
    commit: Commit
    diff: DiffStat
    moved: BranchMove | None = None
    tree: Commit | None = None


class BranchRefused(ReportBody, tag="branch-refused"):
    """The attempt's branch is pushed, but the task's didn't move: it's at `found` (None: it doesn't
    exist), or the remote refused it (`why`, the remote's text). Answers `Publish`; the attempt is
    kept as at a gate until the next one.

    `number` is the order's. `by` and `subject` are the found commit's author and subject.
    """

    number: Count
    name: Ref
    commit: Commit
    found: Commit | None = None
    why: MessageText = ""
    by: Label = ""
    subject: Label = ""


class WorkspaceFacts(ReportBody, tag="workspace"):
    """The workspace's current state; sent when it changes, and as `removed` to answer `Forget`."""

    state: Literal["preparing", "ready", "removed"]
    path: Path = ""
    branch: Ref = ""
    base_commit: Head = ""
    head_commit: Head = ""
    dirty: bool = False
    diff: DiffStat | None = None
    size_bytes: Big = 0


class TunnelFacts(ReportBody, tag="tunnel"):
    """The attempt's tunnel; sent when it changes, and to answer `Tunnel`. `number` is the order's.

    `starting` once the command runs, and again (`restarts`) after a crash; `connected` with `url`;
    `closed`, `expired` and `failed`: it has no processes left. `error` is the problem or, with
    `waits_for_login`, where a person must log in first, and with which code.
    """

    number: Count
    state: Literal["starting", "connected", "closed", "expired", "failed"]
    url: Link = ""
    error: MessageText = ""
    restarts: Count = 0
    waits_for_login: bool = False


class EgressRefused(ReportBody, tag="egress-refused"):
    """The stage requested a host that its network doesn't allow; sent once per host and stage.

    `host` is the requested name or address, with the port unless it's one of HTTP's.
    """

    stage_index: Count
    host: Host


class Stopped(ReportBody, tag="stopped"):
    """The attempt has no processes left. Answers `Stop` and `Stale`; frees the slot."""


class Lost(ReportBody, tag="lost"):
    """The machine lost the attempt's processes (a reboot, a killed shim)."""

    reason: MessageText


class Failed(ReportBody, tag="failed"):
    """The attempt can't continue (`repository_unreachable`, `binary_missing`, …); nothing runs.

    `is_unhealthy`: the machine can't start anything now, and the stage hasn't started. The attempt
    is returned, and the machine's capabilities are unhealthy until it recovers.
    """

    code: ShortString
    message: MessageText
    is_unhealthy: bool = msgspec.field(default=False, name="unwell")


class LogLost(ReportBody, tag="log-lost"):
    """The machine lost these bytes of its own log (disk full, quota); the range becomes a gap.

    Offsets count within the attempt; `start` is inclusive, `end` exclusive.
    """

    start: Big
    end: Big


class Drained(ReportBody, tag="drained"):
    """The machine has no attempts left. Answers `Drain`; `task_id` and `attempt` are 0."""


Body = (
    Accepted
    | Note
    | StageStarted
    | StageFinished
    | Suspended
    | Transcript
    | TranscriptUpdated
    | MessageOutcome
    | InterruptIgnored
    | Usage
    | QuestionOpened
    | QuestionWithdrawn
    | ThreadReplied
    | Checkpoint
    | Content
    | Changes
    | PublishPreview
    | Published
    | BranchRefused
    | WorkspaceFacts
    | TunnelFacts
    | EgressRefused
    | Stopped
    | Lost
    | Failed
    | LogLost
    | Drained
)


class Report(Frame, tag="report"):
    """Machine, one journaled report. `seq` counts from 1 within a `journal_id`, without gaps."""

    seq: Big
    task_id: Big
    attempt: Count
    body: Body
