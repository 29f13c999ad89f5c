"""Every frame of the control channel `WS /api/workers/connect`.

Text frames are JSON objects with a `type`; names are camelCase on the wire. Each docstring says
who sends the frame, when, and what answers it. Log bytes travel as binary frames (`Log`).

Orders (server to machine) are computed from rows and may be sent again at any time: a machine
that has seen an order answers a repeated one with what it already reported. Reports (machine to
server) are journalled by the machine and repeated until `Ack.up_to` reaches their `seq`.
"""

from typing import Annotated, Literal

import msgspec


class Frame(msgspec.Struct, rename="camel", tag_field="type", omit_defaults=True):
    """Base of all text frames."""


class Part(msgspec.Struct, rename="camel", omit_defaults=True):
    """Base of what frames are made of."""


# What a machine says ends in rows: a number that no column holds is refused where it comes in.
Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]
Big = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]  # ids, sequence numbers, bytes
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Int = Annotated[int, msgspec.Meta(ge=-(1 << 31), lt=1 << 31)]


# ---- both ways ---------------------------------------------------------------------------------


class Capability(Part):
    """One agent type a machine can run, and whether it currently should be given any."""

    agent_type: str
    version: str | None = None
    healthy: bool = True
    degraded_until: str | None = None  # RFC 3339; None while healthy or "until found again"
    reason: str | None = None


class Hardware(Part):
    """What the machine is made of; sizes in bytes."""

    cpu_count: Count = 0
    memory_bytes: Big = 0
    disk_bytes: Big = 0
    os: str = ""
    arch: str = ""
    hostname: str = ""


class Metrics(Part):
    """How busy the machine is, in percent of the whole."""

    cpu_percent: Percent = 0.0
    memory_percent: Percent = 0.0
    disk_percent: Percent = 0.0


class DiffStat(Part):
    """Size of a change."""

    files_changed: Count = 0
    insertions: Count = 0
    deletions: Count = 0


# ---- machine to server -------------------------------------------------------------------------

StageEndedBy = Literal["exit", "signal", "timeout", "stopped", "lease"]
HeldState = Literal["working", "waiting", "publishing", "published", "stopped", "failed"]


class HeldAttempt(Part):
    """An attempt that the machine knows of, as `Hello` names it.

    `stage_index` is the highest stage whose order it accepted (-1: none yet). `working` means that
    a stage order is being carried out, `waiting` that its end has been journalled. `ended_by` is
    the `how` of the last stage's end, once there was one. `log_offset` is how many log bytes the
    machine has, whether sent or not.
    """

    task_id: Big
    attempt: Count
    stage_index: Int
    state: HeldState
    log_offset: Big
    ended_by: StageEndedBy | None = None


class Hello(Frame, tag="hello"):
    """Machine, first frame, within 5 s of connecting. Answered by `Welcome` and the orders due.

    `attempts` is complete: an attempt it does not name is gone from the machine.
    """

    protocol: Count
    worker_jwt: str
    machine_id: str
    journal_id: str
    version: str = ""
    slots: Count = 2
    capabilities: list[Capability] = []
    repositories: list[str] = []
    attempts: list[HeldAttempt] = []


class Heartbeat(Frame, tag="heartbeat"):
    """Machine, every `Welcome.heartbeat_seconds`. Answered by `HeartbeatAck` of the same number.

    The machine's lease runs from the moment it sent the heartbeat that is answered. Capabilities
    and repositories are sent only when they changed.
    """

    number: Big
    metrics: Metrics | None = None
    capabilities: list[Capability] | None = None
    repositories: list[str] | None = None


class ReportBody(msgspec.Struct, rename="camel", tag_field="kind", omit_defaults=True):
    """Base of what a report can tell."""


class Accepted(ReportBody, tag="accepted"):
    """The first order of an attempt has been journalled; from here on the machine knows it."""


class Note(ReportBody, tag="note"):
    """The machine's own word about its work (cloning 40 %, pushing): an event for people."""

    level: Literal["info", "warning", "error"]
    text: str


class StageStarted(ReportBody, tag="stage-started"):
    """The stage's process runs."""

    stage_index: Count


class StageFinished(ReportBody, tag="stage-finished"):
    """The stage's process group is gone. Takes effect when the log has reached `log_end` bytes.

    `how` tells which field speaks: `exit` the exit code, `signal` the signal's number; `timeout`,
    `stopped` (by an order) and `lease` (the machine fenced itself) need neither.
    """

    stage_index: Count
    log_end: Big
    how: StageEndedBy
    code: Int = 0


class Checkpoint(ReportBody, tag="checkpoint"):
    """The stage's work is pushed as `ref`; reported before its `StageFinished`.

    `diff` counts from the base. None: unknown.
    """

    stage_index: Count
    ref: str
    commit: str
    diff: DiffStat | None = None


class Published(ReportBody, tag="published"):
    """The attempt's branch is at the remote. Answers `Publish`."""

    branch: str
    commit: str
    diff: DiffStat


class WorkspaceFacts(ReportBody, tag="workspace"):
    """The workspace as it is now; sent when it changes, and as `removed` to answer `Forget`."""

    state: Literal["preparing", "ready", "removed"]
    path: str = ""
    branch: str = ""
    base_commit: str = ""
    head_commit: str = ""
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
    url: str = ""
    error: str = ""
    restarts: Count = 0
    waits_for_login: bool = False


class Stopped(ReportBody, tag="stopped"):
    """Nothing of the attempt runs any more. Answers `Stop` and `Stale`; frees the slot."""


class Lost(ReportBody, tag="lost"):
    """The machine lost the attempt's processes (a reboot, a killed shim)."""

    reason: str


class Failed(ReportBody, tag="failed"):
    """The attempt cannot go on (`repository_unreachable`, `binary_missing`, …); nothing runs."""

    code: str
    message: str


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
    | Checkpoint
    | Published
    | WorkspaceFacts
    | TunnelFacts
    | Stopped
    | Lost
    | Failed
    | LogLost
    | Drained
)


class Report(Frame, tag="report"):
    """Machine, one journalled fact. `seq` counts from 1 within a `journal_id`, without holes."""

    seq: Big
    task_id: Big
    attempt: Count
    body: Body


class Log(msgspec.Struct):
    """Machine, a run of log bytes at `offset` of the attempt (binary frame, see `codec`).

    `milliseconds` counts from the attempt's beginning. Answered by `Ack.logs`, or by `LogGap` when
    the server has not got the bytes before it.
    """

    task_id: int
    attempt: int
    stage_index: int
    offset: int
    milliseconds: int
    data: bytes


class TerminalClosed(Frame, tag="terminal-closed"):
    """Machine: a terminal channel has ended, or could not be opened. Not journalled.

    If somebody still looks, the server answers with another `OpenTerminal`.
    """

    task_id: Big
    attempt: Count
    reason: str = ""


# ---- server to machine -------------------------------------------------------------------------


class Welcome(Frame, tag="welcome"):
    """Server, answers `Hello`. `window` is how many unacked log bytes may be in flight."""

    protocol: int  # the hello's: both speak it from here on
    server_time: str
    heartbeat_seconds: float
    lease_seconds: float
    window: int
    acked_seq: int  # the highest report of this journal that the server has
    logs: list["LogAck"] = []


class Repo(Part):
    """Where the work comes from and goes to. `resume_from` is a checkpoint's ref, if any."""

    url: str
    base: str
    branch: str
    resume_from: str | None = None
    token: str | None = None


class Author(Part):
    """The developer in whose name the agent's work is committed."""

    name: str
    email: str


class RunStage(Frame, tag="run-stage"):
    """Server: carry out this stage. Answered by `Accepted`, notes, `StageStarted`, perhaps
    `Checkpoint`, and `StageFinished` (or `Failed`).

    `text` is the agent's instruction, filled, or the shell stage's script, verbatim.
    `timeout` is in seconds. `env` and `secrets` go into the stage's environment; the values of
    `secrets` are masked in what leaves the machine.
    """

    task_id: int
    attempt: int
    stage_index: int
    stage_name: str
    kind: Literal["agent", "shell"]
    text: str
    variables: dict[str, str]
    agent: str
    timeout: float
    repo: Repo
    project: str
    author: Author
    agent_command: str | None = None
    env: dict[str, str] = {}
    secrets: dict[str, str] = {}
    cols: int = 120
    rows: int = 40


class Stop(Frame, tag="stop"):
    """Server: end the attempt's processes (TERM, 10 s, KILL). Answered by `Stopped`."""

    task_id: int
    attempt: int
    reason: str


class Publish(Frame, tag="publish"):
    """Server: all stages are done, push the branch. Answered by `Published` or `Failed`.

    An attempt that begins with this order has `repo` and `author` in it, and goes on from the
    checkpoint of the last stage: the machine that had the workspace is lost. It is answered by
    `Accepted` first.
    """

    task_id: int
    attempt: int
    repo: Repo | None = None
    author: Author | None = None


class Forget(Frame, tag="forget"):
    """Server: workspace, spool and checkpoint refs may go. Answered by `WorkspaceFacts` removed.

    `keep_checkpoints`: not the refs. The attempt was never this machine's (a host that was enrolled
    anew names those of its former life), and its task may go on from them elsewhere.
    """

    task_id: int
    attempt: int
    keep_checkpoints: bool = False


class Tunnel(Frame, tag="tunnel"):
    """Server, to machines that speak version 2: open the attempt's tunnel for `ttl` seconds, or
    close it. Answered by `TunnelFacts` of the same `number`.

    `number` counts how often people started it. A number that is known changes nothing when it is
    ordered again; a higher one ends the tunnel before it.
    """

    task_id: int
    attempt: int
    number: int
    want: Literal["open", "closed"]
    ttl: float = 0.0


class Drain(Frame, tag="drain"):
    """Server: no new attempts will come; say `Drained` when nothing is left."""


class Undrain(Frame, tag="undrain"):
    """Server: forget about the drain."""


class HeartbeatAck(Frame, tag="heartbeat-ack"):
    """Server, answers the heartbeat of that number, after it has been committed."""

    number: int


class LogAck(Part):
    """The server has stored the attempt's log up to `offset` (exclusive)."""

    task_id: int
    attempt: int
    offset: int


class Ack(Frame, tag="ack"):
    """Server: reports up to `up_to` and logs up to these offsets are committed."""

    up_to: int
    logs: list[LogAck] = []


class LogGap(Frame, tag="log-gap"):
    """Server: a log frame came before the bytes that precede it; the machine is to send again from
    `offset`, or to declare `LogLost`."""

    task_id: int
    attempt: int
    offset: int


class Stale(Frame, tag="stale"):
    """Server: that attempt has ended; kill what is left of it. Answered by `Stopped`."""

    task_id: int
    attempt: int


class OpenTerminal(Frame, tag="open-terminal"):
    """Server: somebody looks at the attempt; dial its terminal channel with this token.

    Not sent to a machine that speaks version 1. A machine that has dialled already does nothing.
    """

    task_id: int
    attempt: int
    channel_token: str


Order = RunStage | Stop | Publish | Forget | OpenTerminal | Tunnel | Drain | Undrain
FromMachine = Hello | Heartbeat | Report | TerminalClosed
FromServer = Welcome | Order | HeartbeatAck | Ack | LogGap | Stale


class CloseCode:
    """WebSocket close codes of the control channel."""

    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    NO_HELLO = 4408
    REPLACED = 4412
    DECOMMISSIONED = 4413
    UNSPOKEN_VERSION = 4414
    GOING_AWAY = 1001
