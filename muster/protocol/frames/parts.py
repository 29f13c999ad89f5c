"""What frames are made of: bases, and the pieces that several of them hold."""

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
    Percent,
    Ref,
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
    """Base of what frames are made of."""


class ReportBody(msgspec.Struct, rename="camel", tag_field="kind", omit_defaults=True):
    """Base of what a report can tell."""


class Capability(Part):
    """One agent type a machine can run, and whether it currently should be given any."""

    agent_type: ShortString
    version: Label | None = None
    healthy: bool = True
    degraded_until: ShortString | None = None  # RFC 3339; None while healthy or "until found again"
    reason: Label | None = None


SandboxLevel = Literal["full", "processes", "none"]
"""What contains an attempt: a sandbox; only its processes; nothing but its user, if it has one."""


class SandboxFacts(Part):
    """How far a machine can contain what runs for an attempt, and in words what it lacks."""

    level: SandboxLevel
    missing: TruncatedTo20[MissingFeature] = msgspec.field(default_factory=list, name="lacks")


UpgradeState = Literal["current", "kept", "unable", "preparing", "waiting", "failed"]


class UpgradeFacts(Part):
    """How far a machine is with the release that its server offers it (`Upgrade`).

    `current`: it is offered none, or runs it. `kept`: its operator wants none
    (`--no-auto-upgrade`), or it would come over plain HTTP; `unable`: what it runs is no
    installation. Then it is offered none. `preparing` it (one that is tried says so of its own
    version), or `waiting` for its moment; `failed`: it was tried, and the one before runs on.
    `version` is of the release that this is about, and `reason` says in words what keeps it.
    """

    state: UpgradeState
    version: Label = ""
    reason: MessageText = msgspec.field(default="", name="why")


class Hardware(Part):
    """What the machine is made of; sizes in bytes."""

    cpu_count: Count = 0
    memory_bytes: Big = 0
    disk_bytes: Big = 0
    os: Label = ""
    arch: Label = ""
    hostname: Label = ""


class Metrics(Part):
    """How busy the machine is, in percent of the whole."""

    cpu_percent: Percent = 0.0
    memory_percent: Percent = 0.0
    disk_percent: Percent = 0.0


class AgentOptions(Part):
    """How an agent is to run. None, and what is empty: as its adapter does by itself.

    `permissions`: it may change files; run commands as well; do all that it can without asking.
    `arguments` are appended to its command line. `interface`: with its output read by us, or as a
    program of the terminal, typed into by people.
    """

    model: Text | None = None
    permissions: Literal["edit", "run", "all"] | None = None
    allowed_tools: BoundedList[Text] = []
    arguments: BoundedList[Text] = []
    interface: Literal["headless", "terminal"] | None = None


OnLimit = Literal["suspend", "fail"]
SuspendedBy = Literal["quota", "budget"]
"""Why a stage was stopped in its middle: its agent's account may not be used for a while, or what
the task may use is used up."""


EntryKind = Literal[
    "message", "thought", "tool", "edit", "command", "question", "denied", "usage", "error"
]


AgentFailureKind = Literal["auth", "rate_limit", "quota", "overloaded", "refused", "unknown"]


class TranscriptEntry(Part):
    """One structured thing that an agent did. `at_ms` counts from the attempt's beginning, as its
    log does; `log_offset` is where the log shows it. What was cut says so in `data` (`cut`)."""

    at_ms: Big
    kind: EntryKind
    title: Title = ""
    text: TranscriptText = ""
    data: Data = {}
    log_offset: Big = 0


class AgentFailure(Part):
    """Why an agent says that it failed: its key or login is refused (`auth`), it has asked for too
    much of late (`rate_limit`) or altogether (`quota`), its model's server is `overloaded`, the
    model has `refused`. `message` is its own word, for people."""

    kind: AgentFailureKind = "unknown"
    message: MessageText = ""


class UsageItem(Part):
    """What an agent has used of one model, None where it does not say; `model` None: it names none.

    Input includes what was cached, output what was thought (reasoning). `cost` is its own figure.
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
    """A commit, and the tree that it has."""

    commit: Commit
    tree: Commit


class Repo(Part):
    """Where the work comes from and goes to. `resume_from` is a checkpoint's ref, if any, and
    `resume_commit` the commit that it has to name: where it names another one, or is not there, the
    machine does nothing but report that (`Failed`: `checkpoint_moved`, `checkpoint_missing`).

    `before` is the commit that the round before came to, if there was one.
    `ssh_key` is a private key in OpenSSH's form, `known_hosts` lines of such a file: with them the
    machine logs in by ssh, and with nothing else.
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


class TaskBranch(Part):
    """The branch of the task itself, which stays when attempts end. `expects` is the commit that is
    known to be there; None: there is to be no such branch yet."""

    name: Text
    expects: Text | None = None


class BranchMove(Part):
    """The task's branch `name` names what its attempt has pushed; `before` what was expected
    there."""

    name: Ref
    before: Commit | None = None


class Author(Part):
    """The developer in whose name the agent's work is committed."""

    name: Text
    email: Text


class LogAck(Part):
    """The server has stored the attempt's log up to `offset` (exclusive)."""

    task_id: Big
    attempt: Count
    offset: Big
