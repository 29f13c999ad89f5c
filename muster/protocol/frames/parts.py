"""Base classes of frames, and parts that several frames share."""

from typing import Literal

import msgspec

from muster.protocol.bounds import (
    Big,
    BoundedList,
    Commit,
    Cost,
    Count,
    Data,
    Label,
    MessageText,
    MissingFeature,
    Path,
    Percent,
    Ref,
    Sha256,
    ShortString,
    Text,
    Title,
    Tokens,
    TranscriptText,
    TruncatedTo20,
)


class Frame(msgspec.Struct, rename="camel", tag_field="type", omit_defaults=True):
    """Base of all text frames."""


class Part(msgspec.Struct, rename="camel", omit_defaults=True):
    """Base of all parts of frames."""


class ReportBody(msgspec.Struct, rename="camel", tag_field="kind", omit_defaults=True):
    """Base of all report bodies."""


class Capability(Part):
    """An agent type that a machine can run, and whether it should get tasks for it now."""

    agent_type: ShortString
    version: Label | None = None
    healthy: bool = True
    degraded_until: ShortString | None = None  # RFC 3339; None while healthy or "until found again"
    reason: Label | None = None
    takes_messages: bool = False  # while it works headless (`AgentMessage`)


SandboxLevel = Literal["full", "processes", "none"]
"""An attempt's isolation: a sandbox; only its processes; only its user, if it has one."""


class SandboxFacts(Part):
    """A machine's sandbox level, and texts about the missing features."""

    level: SandboxLevel
    missing: TruncatedTo20[MissingFeature] = msgspec.field(default_factory=list, name="lacks")


UpgradeState = Literal["current", "kept", "unable", "preparing", "waiting", "failed"]


class UpgradeFacts(Part):
    """A machine's progress with the release that its server offers (`Upgrade`).

    `current`: none is offered, or it runs that one. `kept`: its operator disabled upgrades
    (`--no-auto-upgrade`), or the download would use plain HTTP; `unable`: it doesn't run from an
    installation. Both get no offers. `preparing`: it's installing the release (a canary reports
    this for its own version); `waiting`: it's waiting to switch; `failed`: it tried, and the
    previous release runs on. `version` is the release concerned, `reason` explains the state.
    """

    state: UpgradeState
    version: Label = ""
    reason: MessageText = msgspec.field(default="", name="why")


class Hardware(Part):
    """The machine's hardware; sizes in bytes."""

    cpu_count: Count = 0
    memory_bytes: Big = 0
    disk_bytes: Big = 0
    os: Label = ""
    arch: Label = ""
    hostname: Label = ""


class Metrics(Part):
    """The machine's load in percent."""

    cpu_percent: Percent = 0.0
    memory_percent: Percent = 0.0
    disk_percent: Percent = 0.0


class AgentOptions(Part):
    """Options of an agent. None or empty: the adapter's default.

    `permissions`: it can change files; also run commands; do everything without asking.
    `arguments` are appended to its command line. `interface`: headless, with parsed output, or a
    terminal program that people type into. `approvals`: what happens when it wants to do more than
    `permissions` allow: people are asked (`QuestionOpened.permission`), or it's denied.
    """

    model: Text | None = None
    permissions: Literal["edit", "run", "all"] | None = None
    allowed_tools: BoundedList[Text] = []
    arguments: BoundedList[Text] = []
    interface: Literal["headless", "terminal"] | None = None
    approvals: Literal["ask", "deny"] | None = None


OnLimit = Literal["suspend", "fail"]
SuspendedBy = Literal["quota", "budget"]
"""Why a stage was interrupted: its agent's account is out of quota, or the task's budget is used
up."""


EntryKind = Literal[
    "message", "thought", "tool", "edit", "command", "question", "denied", "usage", "error"
]


AgentFailureKind = Literal["auth", "rate_limit", "quota", "overloaded", "refused", "unknown"]


EntryState = Literal["running", "done", "failed", "denied", "stopped"]
"""The state of an action; `stopped`: it was interrupted, or its result is unknown."""


class TranscriptEntry(Part):
    """One action of an agent. `at_ms` counts from the attempt's start, as its log does;
    `log_offset` is its position in the log. A truncated entry has `cut` in `data`.

    `state` is None for what takes no time (messages, usage, errors); `at_ms` is then its only time.
    `finished_ms` is None while it runs."""

    at_ms: Big
    kind: EntryKind
    title: Title = ""
    text: TranscriptText = ""
    data: Data = {}
    log_offset: Big = 0
    state: EntryState | None = None
    finished_ms: Big | None = None


class UpdatedEntry(Part):
    """The entry of that number, as it is now; it replaces what was reported before."""

    number: Big
    entry: TranscriptEntry


class PermissionRequest(Part):
    """What an agent wants to do and isn't allowed to without asking.

    `arguments` is the call's text for people: a command line, or JSON. `folder` is where it would
    run. `suggestion` is the rule with which the agent itself would no longer ask
    (`AgentOptions.allowed_tools`)."""

    tool: ShortString
    title: Title
    arguments: TranscriptText = ""
    folder: Path = ""
    diff: TranscriptText | None = None
    suggestion: Label | None = None


class AgentFailure(Part):
    """An agent's reason for its failure: its key or login was refused (`auth`), it made too many
    requests recently (`rate_limit`) or in total (`quota`), its model's server is `overloaded`, or
    the model `refused`. `message` is the agent's text for people."""

    kind: AgentFailureKind = "unknown"
    message: MessageText = ""


class UsageItem(Part):
    """An agent's usage of one model; None where it doesn't report a value or the model.

    Input includes cached tokens, output includes reasoning. `cost` is the agent's own figure.
    """

    model: Label | None = None
    input_tokens: Tokens | None = None
    cached_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    reasoning_tokens: Tokens | None = None
    cost: Cost | None = None


class DiffStat(Part):
    """Size of a change."""

    files_changed: Count = 0
    insertions: Count = 0
    deletions: Count = 0


class Revision(Part):
    """A commit and its tree."""

    commit: Commit
    tree: Commit


class Repo(Part):
    """The repository to clone and push to. `resume_from` is a checkpoint's ref, if any, and
    `resume_commit` the commit it must point to: if it points to another one or is missing, the
    machine only reports that (`Failed`: `checkpoint_moved`, `checkpoint_missing`).

    `before` is the previous round's result, if there was one. `ssh_key` is a private key in OpenSSH
    format, `known_hosts` are lines of such a file: with them the machine connects by SSH, and uses
    no other credentials.
    """

    url: Text
    base: Text
    branch: Text
    resume_from: Text | None = None
    token: Text | None = None
    ssh_key: Text | None = None
    known_hosts: Text | None = None
    before: Text | None = None
    resume_commit: Text | None = None


class ImageFile(Part):
    """An image that someone attached to the task: `GET /api/workers/images/:id`, `size` bytes with
    that SHA-256 in hexadecimal. `name` is for people; `earlier`: it came before the instruction."""

    id: Big
    name: Text
    media_type: Text
    size: Big
    digest: Sha256
    width: Count = 0
    height: Count = 0
    earlier: bool = False


class TaskBranch(Part):
    """The task's own branch, which outlives attempts. `expects` is the commit it must be at; None:
    it must not exist yet."""

    name: Text
    expects: Text | None = None


class BranchMove(Part):
    """The task's branch `name` now points to the attempt's pushed commit; `before` is the commit
    that was expected there."""

    name: Ref
    before: Commit | None = None


class Author(Part):
    """The developer who is the author of the agent's commits."""

    name: Text
    email: Text


class LogAck(Part):
    """The server has stored the attempt's log up to `offset` (exclusive)."""

    task_id: Big
    attempt: Count
    offset: Big
