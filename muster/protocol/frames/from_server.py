"""What the server says: its greeting, orders, and what has been stored."""

from typing import Literal

import msgspec

from muster.protocol.bounds import (
    Big,
    BoundedList,
    Count,
    Label,
    Seconds,
    Sha256,
    Text,
    Variables,
    Wheel,
)
from muster.protocol.frames.parts import (
    AgentOptions,
    Author,
    Frame,
    LogAck,
    OnLimit,
    Part,
    Repo,
    SandboxLevel,
    SuspendedBy,
    TaskBranch,
)


class Welcome(Frame, tag="welcome"):
    """Server, answers `Hello`. `window` is how many unacked log bytes may be in flight."""

    protocol: Count  # the hello's: both speak it from here on
    server_time: Text
    heartbeat_seconds: Seconds
    lease_seconds: Seconds
    window: Big
    acked_seq: Big  # the highest report of this journal that the server has
    logs: BoundedList[LogAck] = []


class RunStage(Frame, tag="run-stage"):
    """Server: carry out this stage. Answered by `Accepted`, notes, `StageStarted`, perhaps
    `Checkpoint`, and `StageFinished` (or `Failed`).

    `text` is the agent's instruction, filled, or the shell stage's script, verbatim.
    `timeout` is in seconds. `env` and `secrets` go into the stage's environment; the values of
    `secrets` are masked in what leaves the machine.

    `min_sandbox` is the least that must contain the stage; a machine that cannot answers with
    `Failed` (`sandbox_unavailable`). `network` is None where it is open, and else the hosts that
    may be reached (`packages.example.com`, `*.example.org:443`, `@agent`); an empty list: none.

    `run` counts the stage's processes: it is more than 0 where the stage goes on that was stopped
    in its middle. `on_limit` says what becomes of it when its agent's account may not be used for
    a while: it is suspended (`Suspended`), or fails as any other.

    Of a follow-up's round: `fresh_text` is what an agent is told that has no conversation to go on
    with (None: `text`). `continues` is the number of the attempt on the same machine whose home,
    with its agent's conversation, passes to this one. `opening` is what the transcript begins with.
    `threads` are those of a review that the agent may answer in (`ThreadReplied`).
    """

    task_id: Big
    attempt: Count
    stage_index: Count
    stage_name: Text
    kind: Literal["agent", "shell"]
    text: Text
    variables: Variables
    agent: Text
    timeout: Seconds
    repo: Repo
    project: Text
    author: Author
    agent_command: Text | None = None
    env: Variables = {}
    secrets: Variables = {}
    cols: Count = 120
    rows: Count = 40
    min_sandbox: SandboxLevel | None = msgspec.field(default=None, name="room")
    network: BoundedList[Text] | None = None
    run: Count = 0
    options: AgentOptions | None = None
    on_limit: OnLimit = "fail"
    fresh_text: Text | None = msgspec.field(default=None, name="textAnew")
    continues: Count | None = None
    opening: Text = ""
    threads: BoundedList[Big] = []


class Answer(Frame, tag="answer"):
    """Server, to machines that speak version 3: the answer to the attempt's question of that number
    (`QuestionOpened`). A number that is known changes nothing when it comes again.

    `choice` is one of those that were offered, `input` a text where none were. With neither nobody
    has answered in time.
    """

    task_id: Big
    attempt: Count
    number: Big
    choice: Text | None = None
    input: Text | None = None


class Stop(Frame, tag="stop"):
    """Server: end the attempt's processes (TERM, 10 s, KILL). Answered by `Stopped`."""

    task_id: Big
    attempt: Count
    reason: Text


class Suspend(Frame, tag="suspend"):
    """Server, to machines that speak version 3: stop that run of the stage in its middle (TERM,
    10 s, KILL), and keep the attempt as at a gate. Answered by `Checkpoint` and `Suspended`; or by
    `StageFinished`, where the stage ended by itself first.
    """

    task_id: Big
    attempt: Count
    stage_index: Count
    run: Count
    reason: SuspendedBy


class Publish(Frame, tag="publish"):
    """Server: all stages are done, push the branch. Answered by `Published`, `BranchRefused` or
    `Failed`.

    An attempt that begins with this order has `repo` and `author` in it, and goes on from the
    checkpoint of the last stage: the machine that had the workspace is lost. It is answered by
    `Accepted` first.

    `onto` is the task's own branch, which is moved to what was pushed where it names what is
    expected, and nowhere else. `number` counts these orders of the attempt: what a machine has
    refused it does not try again by the same one.

    `commit` is what it is to push, and nothing else. Where the server knows of none, it has the
    machine `announce` what it would push (`PublishPreview`), and push nothing before the next
    order.
    """

    task_id: Big
    attempt: Count
    repo: Repo | None = None
    author: Author | None = None
    onto: TaskBranch | None = None
    number: Count = 0
    commit: Text | None = None
    announce: bool = False


class Forget(Frame, tag="forget"):
    """Server: workspace, spool and checkpoint refs may go. Answered by `WorkspaceFacts` removed.

    `keep_checkpoints`: not the refs. The attempt was never this machine's (a host that was enrolled
    anew names those of its former life), and its task may go on from them elsewhere.
    """

    task_id: Big
    attempt: Count
    keep_checkpoints: bool = False


class Tunnel(Frame, tag="tunnel"):
    """Server, to machines that speak version 2: open the attempt's tunnel for `ttl` seconds, or
    close it. Answered by `TunnelFacts` of the same `number`.

    `opened_by` is in whose name its changes are committed when it closes at a gate.
    `number` counts how often people started it. A number that is known changes nothing when it is
    ordered again; a higher one ends the tunnel before it.
    """

    task_id: Big
    attempt: Count
    number: Big
    desired_state: Literal["open", "closed"] = msgspec.field(name="want")
    ttl: Seconds = 0.0
    opened_by: Author | None = None


class Drain(Frame, tag="drain"):
    """Server: no new attempts will come; say `Drained` when nothing is left."""


class Undrain(Frame, tag="undrain"):
    """Server: forget about the drain."""


class Release(Part):
    """A worker's package, and what it needs of others': files below `/install/` of the server that
    offers it, and their SHA-256 in hexadecimal."""

    version: Label
    wheel: Wheel
    wheel_digest: Sha256
    requirements_digest: Sha256


class Upgrade(Frame, tag="upgrade"):
    """Server, to machines whose hello has `upgrade`: run this release in place of yours, as soon as
    nothing is at work (`idle`), or `now`. None: stay with the one you run.

    Sent again on each connection. The machine says in its heartbeats how far it is
    (`UpgradeFacts`), and the version of what it runs in its next hello.
    """

    release: Release | None = None
    when: Literal["idle", "now"] = "idle"


class HeartbeatAck(Frame, tag="heartbeat-ack"):
    """Server, answers the heartbeat of that number, after it has been committed."""

    number: Big


class Ack(Frame, tag="ack"):
    """Server: reports up to `up_to` and logs up to these offsets are committed."""

    up_to: Big
    logs: BoundedList[LogAck] = []


class LogGap(Frame, tag="log-gap"):
    """Server: a log frame came before the bytes that precede it; the machine is to send again from
    `offset`, or to declare `LogLost`."""

    task_id: Big
    attempt: Count
    offset: Big


class Stale(Frame, tag="stale"):
    """Server: that attempt has ended; kill what is left of it. Answered by `Stopped`."""

    task_id: Big
    attempt: Count


class OpenTerminal(Frame, tag="open-terminal"):
    """Server: somebody looks at the attempt; dial its terminal channel with this token.

    Not sent to a machine that speaks version 1. A machine that has dialled already does nothing.
    """

    task_id: Big
    attempt: Count
    channel_token: Text


Order = (
    RunStage
    | Answer
    | Suspend
    | Stop
    | Publish
    | Forget
    | OpenTerminal
    | Tunnel
    | Drain
    | Undrain
    | Upgrade
)


FromServer = Welcome | Order | HeartbeatAck | Ack | LogGap | Stale


class CloseCode:
    """WebSocket close codes of the control channel."""

    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    NO_HELLO = 4408
    REPLACED = 4412
    DECOMMISSIONED = 4413
    UNSUPPORTED_VERSION = 4414
    GOING_AWAY = 1001
