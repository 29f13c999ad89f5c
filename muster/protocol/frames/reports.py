"""What a machine reports about its attempts: journalled there, and repeated until acknowledged."""

from typing import Literal

import msgspec

from muster.protocol.bounds import (
    Big,
    BoundedList,
    Choice,
    Commit,
    Count,
    Head,
    Host,
    Int,
    Label,
    Link,
    MessageText,
    Path,
    Question,
    Ref,
    Reply,
    Seconds,
    ShortString,
    TruncatedTo20,
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

StageExitReason = Literal["exit", "signal", "timeout", "stopped", "lease"]


class Accepted(ReportBody, tag="accepted"):
    """The first order of an attempt has been journalled; from here on the machine knows it."""


class Note(ReportBody, tag="note"):
    """The machine's own word about its work (cloning 40 %, pushing): an event for people."""

    level: Literal["info", "warning", "error"]
    text: MessageText


class StageStarted(ReportBody, tag="stage-started"):
    """The stage's process runs."""

    stage_index: Count
    run: Count = 0


class StageFinished(ReportBody, tag="stage-finished"):
    """The stage's process group is gone. Takes effect when the log has reached `log_end` bytes.

    `how` tells which field speaks: `exit` the exit code, `signal` the signal's number; `timeout`,
    `stopped` (by an order) and `lease` (the machine fenced itself) need neither. `failure` is why
    its agent says that it failed, if it does; `denied` how many calls of tools it was denied, where
    it says so.
    """

    stage_index: Count
    log_end: Big
    how: StageExitReason
    code: Int = 0
    run: Count = 0
    failure: AgentFailure | None = None
    denied: Count | None = None


class Transcript(ReportBody, tag="transcript"):
    """What an agent did since the last report of this kind: entries that are numbered from 0 within
    the attempt, `first` and those after it. All of a stage's come before its `StageFinished`."""

    stage_index: Count
    first: Big
    entries: BoundedList[TranscriptEntry]
    run: Count = 0


class Usage(ReportBody, tag="usage"):
    """What the agent has used so far in this run of the stage, by model, in place of what was said
    of it before. Comes while the stage runs, and at its end before its `StageFinished`; only to
    servers that speak version 3."""

    stage_index: Count
    agent: ShortString
    items: TruncatedTo100[UsageItem]
    run: Count = 0


class QuestionOpened(ReportBody, tag="asked"):
    """An agent asks a person in the middle of its stage. Its process waits for the `Answer` of the
    same number, and the stage's timeout stands still until then. One question at a time: a new one
    takes the place of one that is open.

    `number` counts the attempt's questions. The answer is one of `choices`, or any text where there
    are none. After `timeout` seconds (None: never) nobody is waited for any more.
    """

    stage_index: Count
    number: Count
    question: Question
    choices: TruncatedTo20[Choice] = []
    timeout: Seconds | None = None
    run: Count = 0


class ThreadReplied(ReportBody, tag="replied"):
    """An agent's reply in a review thread of its follow-up (`RunStage.threads`). `number`: of the
    transcript entry with the same text."""

    stage_index: Count
    number: Big
    thread: Big
    text: Reply
    run: Count = 0


class QuestionWithdrawn(ReportBody, tag="unasked"):
    """The agent continues without an answer to the question of that number."""

    stage_index: Count
    number: Count
    run: Count = 0


class Suspended(ReportBody, tag="suspended"):
    """That run of the stage was stopped in its middle, and nothing of it runs any more; the attempt
    is kept as at a gate, and goes on with the next run. Takes effect when the log has reached
    `log_end` bytes.

    `message` is the agent's word, for people. `resets_at_ms` is when its account may be used again,
    in milliseconds since 1970; None: it has not said.
    """

    stage_index: Count
    log_end: Big
    reason: SuspendedBy
    message: MessageText = ""
    resets_at_ms: Big | None = None
    run: Count = 0


class Checkpoint(ReportBody, tag="checkpoint"):
    """The stage's work is pushed as `ref`; reported before its `StageFinished`, and again when a
    tunnel has closed through which somebody changed it while the task waited.

    `diff` counts from the base. None: unknown. `partial`: the stage is not done, the work is that
    of its middle; reported before its `Suspended`. `follows`: the checkpoint before, or the base.
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
    """What the machine would push, without a checkpoint of this attempt. Answers a `Publish` of
    that number with `announce`; it pushes nothing before the next one."""

    number: Count
    commit: Commit
    tree: Commit
    follows: Revision | None = None


class Published(ReportBody, tag="published"):
    """The attempt's branch is at the remote. Answers `Publish`. `moved`: so is the task's, where
    the order said one."""

    branch: Ref
    commit: Commit
    diff: DiffStat
    moved: BranchMove | None = None
    tree: Commit | None = None


class BranchRefused(ReportBody, tag="branch-refused"):
    """The attempt's branch is at the remote, and the task's is not moved: it names `found` (None:
    there is none), or is refused by the remote (`why`, in its words). Answers `Publish`; the
    attempt is kept as at a gate, until the next one.

    `number` is the order's. `by` and `subject` are what the commit found says of itself.
    """

    number: Count
    name: Ref
    commit: Commit
    found: Commit | None = None
    why: MessageText = ""
    by: Label = ""
    subject: Label = ""


class WorkspaceFacts(ReportBody, tag="workspace"):
    """The workspace as it is now; sent when it changes, and as `removed` to answer `Forget`."""

    state: Literal["preparing", "ready", "removed"]
    path: Path = ""
    branch: Ref = ""
    base_commit: Head = ""
    head_commit: Head = ""
    dirty: bool = False
    diff: DiffStat | None = None
    size_bytes: Big = 0


class TunnelFacts(ReportBody, tag="tunnel"):
    """The attempt's tunnel, whenever that changes, and to answer `Tunnel`. `number` is the order's.

    `starting` from when the command runs, and again (`restarts`) after a crash; `connected` with
    `url`; `closed`, `expired` and `failed` say that nothing of it runs any more. `error` says what
    went wrong or, with `waits_for_login`, where a person has to log in first, and with which code.
    """

    number: Count
    state: Literal["starting", "connected", "closed", "expired", "failed"]
    url: Link = ""
    error: MessageText = ""
    restarts: Count = 0
    waits_for_login: bool = False


class EgressRefused(ReportBody, tag="egress-refused"):
    """The stage asked for a host that its network does not allow; once for each host and stage.

    `host` is a name or an address as it was asked for, with the port if that was none of http's.
    """

    stage_index: Count
    host: Host


class Stopped(ReportBody, tag="stopped"):
    """Nothing of the attempt runs any more. Answers `Stop` and `Stale`; frees the slot."""


class Lost(ReportBody, tag="lost"):
    """The machine lost the attempt's processes (a reboot, a killed shim)."""

    reason: MessageText


class Failed(ReportBody, tag="failed"):
    """The attempt cannot go on (`repository_unreachable`, `binary_missing`, …); nothing runs.

    `is_unhealthy`: the machine can begin nothing at all now, and its stage has not begun. The
    attempt is given back, and the machine's capabilities say so until it is well.
    """

    code: ShortString
    message: MessageText
    is_unhealthy: bool = msgspec.field(default=False, name="unwell")


class LogLost(ReportBody, tag="log-lost"):
    """The machine lost these bytes of its own log (disk full, quota); the range is kept as a gap.

    Offsets count within the attempt; `start` is inclusive, `end` is not.
    """

    start: Big
    end: Big


class Drained(ReportBody, tag="drained"):
    """Nothing is left on the machine. Answers `Drain`; `task_id` and `attempt` are 0."""


Body = (
    Accepted
    | Note
    | StageStarted
    | StageFinished
    | Suspended
    | Transcript
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
    """Machine, one journalled fact. `seq` counts from 1 within a `journal_id`, without holes but
    for what a server of the version before cannot read."""

    seq: Big
    task_id: Big
    attempt: Count
    body: Body
