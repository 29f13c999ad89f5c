"""The format of an adapter: one agent's command line.

It is data, so that a machine's operator can write one too (`registry.load_adapters`). An agent of
the format `acp` gets messages, so its command needs no place for the text (`adapters.acp`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec

from muster.protocol.frames import AgentOptions
from muster.worker.agents.degradation import Reason

Permissions = Literal["edit", "run", "all"]

RESUMED_RUNS = "resumed-runs"
"""A conversation's format: each prompt is a further process, which resumes the session."""

TEXT, OPTIONS, SESSION = "{text}", "{options}", "{session}"
"""Placeholders in a command: the stage's text, within a word or on its own; and two words that
expand to others.
"""

CALL_TIMEOUT_SECONDS = 8 * 86_400
"""Timeout for calls to our MCP server: longer than a question may wait for an answer."""

_Arguments = tuple[str, ...]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
_Program = Annotated[str, msgspec.Meta(pattern=r"^[^\s/]+$", max_length=100)]
_Variable = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
_RelativePath = Annotated[str, msgspec.Meta(pattern=r"^(?!/)(?!(.*/)?\.\.?(/|$))[^\x00]+[^/\x00]$")]


class _AdapterStruct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a file; an unknown field is an error."""


class Permission(_AdapterStruct, frozen=True):
    """How to give an agent its permissions."""

    arguments: _Arguments = ()
    environment: dict[_Variable, str] = {}


class HomeFile(_AdapterStruct, frozen=True):
    """A file that must exist in the home before the agent's first start.

    `{workspace}` in `text` is the workspace's path, escaped for a JSON string. `given`: only if the
    stage has this variable. `mcp`: only if the agent can ask questions; the text may have
    McpConfig's placeholders. `trusting`: only if no user is asked whether to trust the workspace.
    """

    path: _RelativePath
    text: str
    given: str = ""
    mcp: bool = False
    trusting: bool = False


class McpConfig(_AdapterStruct, frozen=True):
    """How to give an agent our MCP server, through which it asks people (`agents.mcp_server`).

    In both fields, and in files of the home, `{command}` is the server's command as a JSON list,
    `{program}` its first word as a JSON string, `{arguments}` a list of the others; `{seconds}` and
    `{milliseconds}` are the timeout of a call.
    """

    arguments: _Arguments = ()
    environment: dict[_Variable, str] = {}


class MessagesConfig(_AdapterStruct, frozen=True):
    """How an agent without a user gets people's messages while it works: in a conversation of that
    `format` (`runner.conversation`), with this command line, which has a place for the text only
    with RESUMED_RUNS, and these OPTIONS instead of `structured`. `min_version` is the oldest
    version that can.

    `has_settings`: the runner's request has the model and the permissions, not the command line.
    `given` are more OPTIONS, if the stage has that variable. The project's own arguments may
    consist of these `options`, each with a value, if there are any; with other arguments, the agent
    gets no messages. `asking` are more OPTIONS, with which it asks us before it does more than its
    permissions allow.
    """

    format: _Name
    headless: _Arguments
    structured: _Arguments = ()
    min_version: str | None = None
    has_settings: bool = False
    given: dict[_Variable, _Arguments] = {}
    options: _Arguments = ()
    asking: _Arguments = ()

    @property
    def can_ask(self) -> bool:
        """Whether the agent can ask people before it acts."""
        return self.format != RESUMED_RUNS

    def accepts(self, arguments: Sequence[str]) -> bool:
        """Whether it can run with the project's own arguments."""
        words = iter(arguments if self.options else ())
        for word in words:
            name, equals, _ = word.partition("=")
            if name not in self.options or (not equals and next(words, None) is None):
                return False
        return True


class AgentInvocation(NamedTuple):
    """The settings of one stage for its agent.

    `session_id` is the session to resume; `has_session` is true if there was any. `is_contained`:
    we contain the agent at least partly; `is_fully_sandboxed`: in a full sandbox. `is_structured`:
    we read its output. `mcp_server` is the command of our MCP server; empty if there is none.
    `takes_messages`: we write its input, too. `variables` are the names of the stage's variables.
    """

    text: str
    options: AgentOptions = AgentOptions()
    session_id: str | None = None
    has_session: bool = False
    is_contained: bool = True
    is_fully_sandboxed: bool = True
    is_structured: bool = False
    mcp_server: tuple[str, ...] = ()
    takes_messages: bool = False
    variables: frozenset[str] = frozenset()

    @property
    def is_interactive(self) -> bool:
        return self.options.interface == "terminal"

    @property
    def has_trust_prompt(self) -> bool:
        """Whether a user is there to decide if the workspace can be trusted, and it matters: in a
        full sandbox, an agent can't do harm through a repository's settings.
        """
        return self.is_interactive and not self.is_fully_sandboxed

    @property
    def permissions(self) -> Permissions | None:
        """None: the agent's default, which asks the user at its terminal."""
        if self.options.permissions or self.is_interactive:
            return self.options.permissions
        # What people are asked about is what goes beyond changing files.
        asks = self.options.approvals == "ask" and self.takes_messages
        return "all" if self.is_fully_sandboxed and not asks else "edit"


class Adapter(_AdapterStruct, frozen=True):
    """One agent's.

    `headless` and `terminal` are its command lines, without and with a user who types; the words
    OPTIONS and SESSION expand to the following fields. OPTIONS: `structured` (only if we read the
    output, which then has that `format`), `permissions`, `model` (`{model}`), `allowed_tool`
    (`{tool}`, for each), and the project's own arguments. SESSION: `session` (`{id}`), or `latest`
    to resume a session of unknown ID. `contained` are the permissions if we contain the agent,
    where they differ.

    `mcp` is how it gets our MCP server, only if we read the output; `messages` is how it gets
    people's messages, only then, too.

    `min_version` is the oldest version known to work. `hosts` are its vendor's hosts: `@agent` in a
    stage's network. A project can override `environment`; `keys` are the variables for its key and
    address. `failures` are regular expressions of messages by which it reports a failure even if it
    exits with 0. `ignored_files` are patterns, as in `.gitignore`, of files that it leaves in the
    workspace and that aren't work. `waiting` are regular expressions of what its terminal interface
    shows while it asks something before it works: for a key, a login, or trust.
    """

    name: _Name
    binary: _Program
    headless: _Arguments
    terminal: _Arguments = ()
    structured: _Arguments = ()
    format: _Name | None = None
    permissions: dict[Permissions, Permission] = {}
    contained: dict[Permissions, Permission] = {}
    model: _Arguments = ()
    allowed_tool: _Arguments = ()
    mcp: McpConfig | None = None
    messages: MessagesConfig | None = None
    session: _Arguments = ()
    latest: _Arguments = ()
    min_version: str | None = None
    hosts: tuple[str, ...] = ()
    keys: tuple[_Variable, ...] = ()
    environment: dict[_Variable, str] = {}
    home: tuple[HomeFile, ...] = ()
    failures: dict[Reason, str] = {}
    ignored_files: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    def argv(self, ask: AgentInvocation) -> list[str]:
        """Return the command; the text is part of one argument, unchanged, and passes through no
        shell.
        """
        template = (ask.is_interactive and self.terminal) or self.headless
        if self.messages and ask.takes_messages:
            template = self.messages.headless
        return [word for each in template for word in self._expand_word(each, ask)]

    def continues_session(self, ask: AgentInvocation) -> bool:
        """Whether it resumes a session and knows its history."""
        by_id = ask.session_id is not None and (bool(self.session) or self.format == "acp")
        return by_id or (ask.has_session and bool(self.latest))

    def variables(self, ask: AgentInvocation) -> dict[str, str]:
        """Return the agent's variables for the stage's environment; the project's own override
        them.
        """
        mcp = self.mcp.environment if self.mcp and ask.mcp_server else {}
        mcp = {name: _fill_server_placeholders(text, ask.mcp_server) for name, text in mcp.items()}
        return {**self.environment, **self.permission(ask).environment, **mcp}

    def home_files(
        self, variables: Mapping[str, str], workspace: str, ask: AgentInvocation
    ) -> list[tuple[str, str]]:
        """Return paths in the home and the files' contents, for a stage with that environment and
        invocation. The first of several with the same path counts.
        """
        files: dict[str, str] = {}
        for file in self.home:
            if not _is_applicable(file, variables, ask):
                continue
            text = _fill_server_placeholders(file.text, ask.mcp_server) if file.mcp else file.text
            files.setdefault(file.path, text.replace("{workspace}", json.dumps(workspace)[1:-1]))
        return list(files.items())

    def _expand_word(self, word: str, ask: AgentInvocation) -> Iterable[str]:
        match word:
            case "{options}":
                return self._option_arguments(ask)
            case "{session}":
                return self._session_arguments(ask)
        return [word.replace(TEXT, ask.text)]

    def permission(self, ask: AgentInvocation) -> Permission:
        if ask.permissions is None:
            return Permission()
        permissions = self.contained if ask.is_contained and self.contained else self.permissions
        return permissions.get(ask.permissions, Permission())

    def _option_arguments(self, ask: AgentInvocation) -> Iterator[str]:
        messages = self.messages if ask.takes_messages else None
        if ask.is_structured and not ask.is_interactive:
            yield from messages.structured if messages else self.structured
        if messages:
            for name in ask.variables.intersection(messages.given):
                yield from messages.given[name]
            if ask.options.approvals == "ask":
                yield from messages.asking
        if self.mcp and ask.mcp_server:
            yield from (
                _fill_server_placeholders(word, ask.mcp_server) for word in self.mcp.arguments
            )
        if not (messages and messages.has_settings):
            yield from self.permission(ask).arguments
            if ask.options.model:
                yield from (word.replace("{model}", ask.options.model) for word in self.model)
        for tool in ask.options.allowed_tools:
            yield from (word.replace("{tool}", tool) for word in self.allowed_tool)
        yield from ask.options.arguments

    def _session_arguments(self, ask: AgentInvocation) -> list[str]:
        if ask.session_id and self.session:
            return [word.replace("{id}", ask.session_id) for word in self.session]
        return [*self.latest] if ask.has_session else []


def _is_applicable(file: HomeFile, variables: Mapping[str, str], ask: AgentInvocation) -> bool:
    if file.given and not variables.get(file.given):
        return False
    return not (file.mcp and not ask.mcp_server) and not (file.trusting and ask.has_trust_prompt)


def _fill_server_placeholders(text: str, server: Sequence[str]) -> str:
    """Fill in the placeholders of our MCP server."""
    program, *arguments = server
    places = {
        "{command}": json.dumps([*server]),
        "{program}": json.dumps(program),
        "{arguments}": json.dumps(arguments),
        "{seconds}": str(CALL_TIMEOUT_SECONDS),
        "{milliseconds}": str(CALL_TIMEOUT_SECONDS * 1000),
    }
    for place, what in places.items():
        text = text.replace(place, what)
    return text
