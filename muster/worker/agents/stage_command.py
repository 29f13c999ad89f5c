"""Turn a stage order into a command: argv, environment, directory and uid."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from muster.protocol import runs
from muster.protocol.frames import AgentOptions, RunStage
from muster.worker.agents import agent_mounts, environment, headless
from muster.worker.agents.adapters import acp, custom
from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.adapter import Adapter, AgentInvocation
from muster.worker.agents.adapters.custom import CUSTOM
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS, AdapterRegistry
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.agents.versions import NOT_RUNNABLE_ERRNOS
from muster.worker.egress import sandbox_listener
from muster.worker.git.workspace import Workspace
from muster.worker.limits.sandbox_limits import SandboxLimits
from muster.worker.sandbox.sandbox import Sandbox
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.shim.wire import StageCommand, StageExit

# Precedes a text that the agent has already received in the session that it resumes.
_RESUME_PREFIX = (
    "You were stopped in the middle of the following task and can continue now. Your work so far "
    "is still there: continue from where you were, and don't start over.\n\n"
)


def build_command(
    order: RunStage,
    kept: AttemptState,
    workspace: Workspace,
    limits: SandboxLimits,
    adapters: AdapterRegistry = BUILTIN_ADAPTERS,
    *,
    narrates: Callable[[], bool] = lambda: False,
    takes_messages: Callable[[str], bool] = lambda agent: False,
) -> StageCommand:
    """Return the command of an ordered stage. `narrates` returns whether attempts can run the
    runner, `takes_messages` whether the installed version of an agent takes people's messages.
    Raises ValueError for values that a process can't have.
    """
    room = workspace.sandbox
    if order.kind == "agent" and order.agent in (CUSTOM, ACP):
        room = room.with_visible(
            *agent_mounts.project_command_mounts(order.agent_command or "", workspace.layout.home)
        )
    adapter, ask = _find_adapter(order, adapters), _build_invocation(order, kept, room)
    env = _stage_environment(order, workspace, adapter.variables(ask) if adapter else {})
    is_read = headless.is_output_parsed(adapter, ask, env["PATH"]) and narrates()
    if adapter and is_read:
        if runs.is_continued(order.run) and kept.session_id is None:
            # The previous run was read too: it was stopped before there was a session.
            ask = _build_invocation(order, replace(kept, has_session=False), room)
        ask = _read_by_runner(ask, adapter, room, can=takes_messages(adapter.name))
        env = _stage_environment(order, workspace, adapter.variables(ask))
        ask = ask._replace(variables=frozenset(env))
    elif adapter and adapter.format == ACP:
        raise ValueError("its agent needs a Python that attempts can reach, and has no terminal")
    ask = _with_prompt_text(order, adapter, ask)._replace(variables=frozenset(env))
    made = build_argv(order, adapter, ask)
    return StageCommand(
        stage_index=order.stage_index,
        run=order.run,
        argv=headless.runner_command(room, adapter, ask, made, order.opening, order.messages)
        if adapter and is_read
        else made,
        env=env,
        cwd=room.workspace,
        timeout=order.timeout,
        uid=room.uid,
        gid=room.uid,
        cols=order.cols,
        rows=order.rows,
        secrets=[*order.secrets.values(), *filter(None, [order.repo.token, order.repo.ssh_key])],
        room=room.init_command(open_network=order.network is None),
        network=None
        if order.network is None
        else adapters.resolve_hosts(order.agent, order.network),
        limits=limits.stage_limits(
            f"{workspace.key.name}-{order.stage_index}", (workspace.path, workspace.home)
        ),
        channel=order.kind == "agent",
        threads=order.threads,
        messages=is_read and ask.takes_messages,
    )


def build_argv(order: RunStage, adapter: Adapter | None, ask: AgentInvocation) -> list[str]:
    """Return the command line. Raises ValueError."""
    made = ["bash", "-c", order.text]
    if order.kind == "agent":
        made = adapter.argv(ask) if adapter else custom.build_argv(order.agent_command, ask.text)
    if any("\0" in word for word in made):
        raise ValueError("the text, or an argument, contains a NUL byte")
    return made


def home_setup_files(
    order: RunStage,
    kept: AttemptState,
    command: StageCommand,
    adapters: AdapterRegistry,
    room: Sandbox,
) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Return the files that the home needs before the command starts, as (path, text); and patterns
    of files that its agent leaves in the workspace and that aren't work.
    """
    if (adapter := _find_adapter(order, adapters)) is None:
        return [], ()
    ask = _build_invocation(order, kept, room)
    if headless.is_runner_command(command.argv):
        ask = ask._replace(mcp_server=headless.mcp_server_command(room))
    return adapter.home_files(command.env, command.cwd, ask), adapter.ignored_files


def _find_adapter(order: RunStage, adapters: AdapterRegistry) -> Adapter | None:
    """Return the agent's adapter; None for a project's own command. Raises ValueError."""
    if order.kind != "agent" or order.agent == CUSTOM:
        return None
    if order.agent == ACP:
        return acp.build_adapter(order.agent_command)
    if (adapter := adapters.get(order.agent)) is None:
        raise ValueError(f"unknown agent: {order.agent}")
    return adapter


def _build_invocation(order: RunStage, kept: AttemptState, room: Sandbox) -> AgentInvocation:
    is_continued = runs.is_continued(order.run)
    goes_on = is_continued and kept.has_session and not order.text.startswith("/")
    return AgentInvocation(
        _RESUME_PREFIX + order.text if goes_on else order.text,
        order.options or AgentOptions(),
        session_id=kept.session_id,
        has_session=kept.has_session,
        is_contained=room.is_contained,
        is_fully_sandboxed=room.level == "full",
    )


def _read_by_runner(
    ask: AgentInvocation, adapter: Adapter, room: Sandbox, *, can: bool
) -> AgentInvocation:
    """Return the invocation under the runner; `can`: this version of the agent takes messages."""
    if adapter.messages and not adapter.messages.can_ask:
        ask = ask._replace(options=replace(ask.options, approvals=None))
    return ask._replace(
        is_structured=True,
        mcp_server=headless.mcp_server_command(room),
        takes_messages=can and headless.accepts_messages(adapter, ask),
    )


def _with_prompt_text(
    order: RunStage, adapter: Adapter | None, ask: AgentInvocation
) -> AgentInvocation:
    """Use the order's `fresh_text` for an agent without the earlier context, and for a project's
    own command, of which nothing is known.
    """
    if adapter is None or (order.fresh_text is not None and not adapter.continues_session(ask)):
        return ask._replace(text=order.fresh_text or order.text)
    return ask


class SandboxUnavailable(Exception):
    """This machine can't contain the stage as required; the message says what is missing."""


def require_sandbox(order: RunStage, rooms: Sandboxes) -> None:
    """Raise SandboxUnavailable if a stage of that order must not run here."""
    level = order.min_sandbox if order.network is None else "full"
    if not rooms.meets_level(level):
        why = f"the stage needs the sandbox level {level}, this machine has {rooms.level}"
        raise SandboxUnavailable("; ".join([why, *rooms.missing]))


def attempt_failure(end: StageExit) -> tuple[str, str] | None:
    """Return the code and message with which a stage's exit fails its attempt; None if it
    doesn't.
    """
    match end.how:
        case "failed":
            return failure_code(end), end.message
        case "limit":
            code, _, words = end.message.partition(" ")
            return code, words
    return None


def failure_code(end: StageExit) -> str:
    """Return the code for a stage that couldn't start.

    A missing binary is exec's error about the program itself: a workspace that can't be entered has
    the same errno.
    """
    _, _, step = end.message.partition(" ")  # after the errno's name
    is_missing = end.code in NOT_RUNNABLE_ERRNOS and step.startswith("exec ")
    return "binary_missing" if is_missing else "start_failed"


def is_machine_failure(end: StageExit) -> bool:
    """Whether the stage's command never ran because of the machine: its sandbox couldn't be
    created, or our own code failed (`init.describe_failure`).
    """
    name, _, step = end.message.partition(" ")
    is_ours = name == "ERROR" or step.startswith(("begin", "prepare", "room"))
    return end.how == "failed" and is_ours


def is_sandbox_missing(end: StageExit) -> bool:
    """Whether the stage's command never ran because its sandbox couldn't be created, other than
    by an error in our own code."""
    name, _, step = end.message.partition(" ")
    return is_machine_failure(end) and name != "ERROR" and step.startswith("room")


def _stage_environment(
    order: RunStage, workspace: Workspace, of_agent: Mapping[str, str]
) -> dict[str, str]:
    variables = {**order.variables, "stage": order.stage_name, "project": order.project}
    known = {name: value for name, value in variables.items() if name in environment.VARIABLES}
    built = environment.build_environment(
        workspace, order.author, order.env, order.secrets, dict(known), of_agent=of_agent
    )
    return built if order.network is None else built | sandbox_listener.proxy_environment()
