"""The shape of an adapter: what the worker knows of one agent's command line.

It is data, so that a machine's operator can write one, too (`registry.read`). One of the format
`acp` is spoken to: its command needs no place for the text (`adapters.acp`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec

from muster.protocol.frames import AgentOptions
from muster.worker.agents.degradation import Reason

Permissions = Literal["edit", "run", "all"]

TEXT, OPTIONS, SESSION = "{text}", "{options}", "{session}"
"""Of a command: the stage's text, within a word or a word of its own; and two words that become
others."""

CALL_TIMEOUT_SECONDS = 8 * 86_400
"""How long a call of our server's tools may take: longer than a question may wait for an answer."""

_Arguments = tuple[str, ...]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
_Program = Annotated[str, msgspec.Meta(pattern=r"^[^\s/]+$", max_length=100)]
_Variable = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
_RelativePath = Annotated[str, msgspec.Meta(pattern=r"^(?!/)(?!(.*/)?\.\.?(/|$))[^\x00]+[^/\x00]$")]


class _AdapterStruct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be written in a file: a field that is none is a mistake."""


class Permission(_AdapterStruct, frozen=True):
    """How an agent is told what it may do."""

    arguments: _Arguments = ()
    environment: dict[_Variable, str] = {}


class HomeFile(_AdapterStruct, frozen=True):
    """A file that lies in the home before the agent's first start, unless there is one already.

    `{workspace}` in `text` is the workspace's path, as within a JSON string. `given`: only where
    the stage has this variable. `mcp`: only where it can ask, and the text has the places of
    McpConfig. `trusting`: only where nobody is to be asked whether the workspace is to be trusted.
    """

    path: _RelativePath
    text: str
    given: str = ""
    mcp: bool = False
    trusting: bool = False


class McpConfig(_AdapterStruct, frozen=True):
    """How an agent is given our server of tools, by which it asks people (`agents.mcp_server`).

    In both, and in files of the home, `{command}` is its command as a JSON list, `{program}`
    its first word as a JSON string, `{arguments}` a list of the others; `{seconds}` and
    `{milliseconds}` are how long a call may take.
    """

    arguments: _Arguments = ()
    environment: dict[_Variable, str] = {}


class AgentInvocation(NamedTuple):
    """What one stage asks of its agent.

    `session` is the id of the conversation to go on with; `conversed` says that there was one at
    all. `contained`: we keep the agent from what is not its own, in whatever measure; `full` says
    that this is a sandbox. `structured`: what it prints is read by us. `server` is the command of
    our server of tools; empty: there is none.
    """

    text: str
    options: AgentOptions = AgentOptions()
    session_id: str | None = None
    has_session: bool = False
    is_contained: bool = True
    is_fully_sandboxed: bool = True
    is_structured: bool = False
    mcp_server: tuple[str, ...] = ()

    @property
    def is_interactive(self) -> bool:
        return self.options.interface == "terminal"

    @property
    def has_trust_prompt(self) -> bool:
        """Whether somebody is there to say if the workspace is to be trusted, and it matters: in a
        full room an agent can do no harm by what a repository has it do."""
        return self.is_interactive and not self.is_fully_sandboxed

    @property
    def permissions(self) -> Permissions | None:
        """None: as the agent does by itself, which is to ask whoever sits at its terminal."""
        if self.options.permissions or self.is_interactive:
            return self.options.permissions
        return "all" if self.is_fully_sandboxed else "edit"


class Adapter(_AdapterStruct, frozen=True):
    """One agent's.

    `headless` and `terminal` are its command lines, without and with people who type into it; the
    words OPTIONS and SESSION become what follows here: `structured` (only where we read it, and
    then in `format`), `permissions`, `model` (`{model}`), `allowed_tool` (`{tool}`, for each of
    them), and the project's own arguments; and `session` (`{id}`), or `latest` where a conversation
    is to be gone on with of which no id is known. `contained` are the permissions where something
    of ours contains it, if these are others.

    `mcp` is how it is given a server of ours, only where we read it.

    `min_version` is the oldest version known to work. `hosts` is what it needs to reach its vendor:
    `@agent` in a stage's network. `environment` is what a project may set otherwise, `keys` are the
    variables by which it is given its key and address. `failures` are words, regular expressions,
    by which it says why it failed even if it ends with 0. `ignored_files` are patterns, as in
    `.gitignore`, of files that it leaves in the workspace and that are no work.
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
    session: _Arguments = ()
    latest: _Arguments = ()
    min_version: str | None = None
    hosts: tuple[str, ...] = ()
    keys: tuple[_Variable, ...] = ()
    environment: dict[_Variable, str] = {}
    home: tuple[HomeFile, ...] = ()
    failures: dict[Reason, str] = {}
    ignored_files: tuple[str, ...] = ()

    def argv(self, ask: AgentInvocation) -> list[str]:
        """The command; the text is within one argument of it, unchanged, and passes no shell."""
        template = (ask.is_interactive and self.terminal) or self.headless
        return [word for each in template for word in self._expand_word(each, ask)]

    def continues_session(self, ask: AgentInvocation) -> bool:
        """Whether it goes on with a conversation, and knows what was said in it."""
        by_id = ask.session_id is not None and (bool(self.session) or self.format == "acp")
        return by_id or (ask.has_session and bool(self.latest))

    def variables(self, ask: AgentInvocation) -> dict[str, str]:
        """What goes into the stage's environment, and a project's own wins over."""
        mcp = self.mcp.environment if self.mcp and ask.mcp_server else {}
        mcp = {name: _fill_server_placeholders(text, ask.mcp_server) for name, text in mcp.items()}
        return {**self.environment, **self._permission(ask).environment, **mcp}

    def home_files(
        self, variables: Mapping[str, str], workspace: str, ask: AgentInvocation
    ) -> list[tuple[str, str]]:
        """Paths within the home, and what is in the files, for a stage of that environment that
        asks this. Of those with the same path the first counts."""
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

    def _option_arguments(self, ask: AgentInvocation) -> Iterator[str]:
        if ask.is_structured and not ask.is_interactive:
            yield from self.structured
        if self.mcp and ask.mcp_server:
            yield from (
                _fill_server_placeholders(word, ask.mcp_server) for word in self.mcp.arguments
            )
        yield from self._permission(ask).arguments
        if ask.options.model:
            yield from (word.replace("{model}", ask.options.model) for word in self.model)
        for tool in ask.options.allowed_tools:
            yield from (word.replace("{tool}", tool) for word in self.allowed_tool)
        yield from ask.options.arguments

    def _session_arguments(self, ask: AgentInvocation) -> list[str]:
        if ask.session_id and self.session:
            return [word.replace("{id}", ask.session_id) for word in self.session]
        return [*self.latest] if ask.has_session else []

    def _permission(self, ask: AgentInvocation) -> Permission:
        if ask.permissions is None:
            return Permission()
        permissions = self.contained if ask.is_contained and self.contained else self.permissions
        return permissions.get(ask.permissions, Permission())


def _is_applicable(file: HomeFile, variables: Mapping[str, str], ask: AgentInvocation) -> bool:
    if file.given and not variables.get(file.given):
        return False
    return not (file.mcp and not ask.mcp_server) and not (file.trusting and ask.has_trust_prompt)


def _fill_server_placeholders(text: str, server: Sequence[str]) -> str:
    """With the places filled that have to do with our server."""
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
