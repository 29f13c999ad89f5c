"""Frames from the server: welcome, orders and acknowledgments."""

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
    ImageFile,
    LogAck,
    OnLimit,
    Part,
    Repo,
    SandboxLevel,
    SuspendedBy,
    TaskBranch,
)
from muster.protocol.frames.steering import AgentMessage, Interrupt, PermissionAnswer, PromptMessage


class Welcome(Frame, tag="welcome"):
    """Server, answers `Hello`. `window` is how many unacked log bytes may be in flight."""

    protocol: Count  # the hello's; both sides use it from here on
    server_time: Text
    heartbeat_seconds: Seconds
    lease_seconds: Seconds
    window: Big
    acked_seq: Big  # the highest report of this journal that the server has
    logs: BoundedList[LogAck] = []


class RunStage(Frame, tag="run-stage"):
    """Server: run this stage. Answered by `Accepted`, notes, `StageStarted`, possibly `Checkpoint`,
    and `StageFinished` (or `Failed`).

    `text` is the agent's instruction with variables filled in, or the shell stage's script,
    verbatim. `timeout` is in seconds. `env` and `secrets` go into the stage's environment; values
    of `secrets` are masked in everything that leaves the machine.

    `min_sandbox` is the stage's minimum sandbox; a machine without it answers with `Failed`
    (`sandbox_unavailable`). `network` is None if it's open, else the allowed hosts
    (`packages.example.com`, `*.example.org:443`, `@agent`); an empty list: none.

    `run` counts the stage's processes: it's more than 0 if an interrupted stage continues.
    `on_limit` defines what happens when its agent's account is out of quota: the stage is
    suspended (`Suspended`), or fails.

    In a follow-up's round: `fresh_text` is the instruction for an agent that has no session to
    continue (None: `text`). `continues` is the number of the attempt on the same machine whose
    home, with its agent's session, this one inherits. `opening` is the transcript's first entry.
    `threads` are the review threads that the agent can reply in (`ThreadReplied`).

    The machine fetches `images` into read-only files, and names their paths at the end of the text.
    The text then ends with `messages`; they count as delivered once the stage has started.
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
    images: BoundedList[ImageFile] = []
    messages: BoundedList[PromptMessage] = []


class Answer(Frame, tag="answer"):
    """Server: the answer to the attempt's question with that number (`QuestionOpened`). A repeated
    number has no effect.

    `choice` is one of the offered choices, `input` a text if there were none; `permission` answers
    a permission request, and `comment` is its reason. Without them, no one answered in time, which
    denies a permission.
    """

    task_id: Big
    attempt: Count
    number: Big
    choice: Text | None = None
    input: Text | None = None
    permission: PermissionAnswer | None = None
    comment: Text | None = None


class Stop(Frame, tag="stop"):
    """Server: end the attempt's processes (TERM, 10 s, KILL). Answered by `Stopped`."""

    task_id: Big
    attempt: Count
    reason: Text


class Suspend(Frame, tag="suspend"):
    """Server: interrupt that run of the stage (TERM, 10 s, KILL), and keep the attempt as at a
    gate. Answered by `Checkpoint` and `Suspended`; or by `StageFinished`, if the stage ended by
    itself first.
    """

    task_id: Big
    attempt: Count
    stage_index: Count
    run: Count
    reason: SuspendedBy


class Publish(Frame, tag="publish"):
    """Server: all stages are done, push the branch. Answered by `Published`, `BranchRefused` or
    `Failed`.

    For an attempt that starts with this order, it has `repo` and `author`, and the attempt
    continues from the last stage's checkpoint, because the machine with the workspace is lost. It's
    answered by `Accepted` first.

    `onto` is the task's own branch, which moves to the pushed commit only if it's at the expected
    one. `number` counts these orders of the attempt: a machine doesn't retry a refused push for the
    same number.

    `commit` is the only commit to push. If the server doesn't know it, the machine is to `announce`
    what it would push (`PublishPreview`), and to push nothing before the next order.
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
    """Server: delete workspace, spool and checkpoint refs. Answered by `WorkspaceFacts` removed.

    `keep_checkpoints`: keep the refs. The attempt was never this machine's (a host that enrolls
    again lists those of its former identity), and its task may continue from them elsewhere.
    """

    task_id: Big
    attempt: Count
    keep_checkpoints: bool = False


class Tunnel(Frame, tag="tunnel"):
    """Server: open the attempt's tunnel for `ttl` seconds, or close it. Answered by `TunnelFacts`
    with the same `number`.

    `opened_by` is the author of its changes when it closes at a gate. `number` counts how often
    people started it. A repeated number has no effect; a higher one ends the previous tunnel.
    """

    task_id: Big
    attempt: Count
    number: Big
    desired_state: Literal["open", "closed"] = msgspec.field(name="want")
    ttl: Seconds = 0.0
    opened_by: Author | None = None


class Drain(Frame, tag="drain"):
    """Server: no new attempts will come; report `Drained` when none is left."""


class Undrain(Frame, tag="undrain"):
    """Server: cancel the drain."""


class Release(Part):
    """A worker's wheel and its requirements: files below `/install/` of the server that offers it,
    and their SHA-256 in hexadecimal."""

    version: Label
    wheel: Wheel
    wheel_digest: Sha256
    requirements_digest: Sha256


class Upgrade(Frame, tag="upgrade"):
    """Server: switch to this release, when no stage is running (`idle`) or `now`. None: keep the
    current one.

    Sent again on each connection. The machine reports its progress in heartbeats (`UpgradeFacts`),
    and the version it runs in its next hello.
    """

    release: Release | None = None
    when: Literal["idle", "now"] = "idle"


class HeartbeatAck(Frame, tag="heartbeat-ack"):
    """Server, answers the heartbeat with that number, after committing it."""

    number: Big


class Ack(Frame, tag="ack"):
    """Server: reports up to `up_to` and logs up to these offsets are committed."""

    up_to: Big
    logs: BoundedList[LogAck] = []


class LogGap(Frame, tag="log-gap"):
    """Server: a log frame came before the preceding bytes; send again from `offset`, or report
    `LogLost`."""

    task_id: Big
    attempt: Count
    offset: Big


class Stale(Frame, tag="stale"):
    """Server: that attempt has ended; kill its processes. Answered by `Stopped`."""

    task_id: Big
    attempt: Count


class OpenTerminal(Frame, tag="open-terminal"):
    """Server: the attempt has a viewer; dial its terminal channel with this token.

    No effect if the machine has already dialed. With `shell`, it's the terminal of a shell beside
    the stage, which the machine starts if none runs; sent only to machines with
    `Hello.opens_shells`.
    """

    task_id: Big
    attempt: Count
    channel_token: Text
    shell: bool = False


class CheckRepository(Frame, tag="check-repository"):
    """Server: report whether git reaches this repository, and which branches it has. Answered once
    by `RepositoryChecked`, within 15 s. Sent only to machines with `Hello.checks_repositories`;
    its `branch` is empty."""

    id: Text
    repo: Repo


Order = (
    RunStage
    | CheckRepository
    | Answer
    | AgentMessage
    | Interrupt
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
