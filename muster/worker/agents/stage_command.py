"""What a stage order becomes: an argv, an environment, a place, a uid."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from muster.protocol.frames import AgentOptions, RunStage
from muster.worker.agents import agent_mounts, environment, headless
from muster.worker.agents.adapters import acp, custom
from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.adapter import Adapter, Ask
from muster.worker.agents.adapters.custom import CUSTOM
from muster.worker.agents.adapters.registry import KNOWN, Registry
from muster.worker.agents.attempt_state import KeptOrder
from muster.worker.agents.versions import MISSING
from muster.worker.egress import sandbox_listener
from muster.worker.git.workspace import Workspace
from muster.worker.limits.sandbox_limits import RoomLimits
from muster.worker.sandbox.sandbox import Room
from muster.worker.sandbox.sandboxes import Rooms
from muster.worker.shim.wire import StageCommand, StageEnd

# Before a text that the agent has been given already in the conversation that it goes on with.
_GOES_ON = (
    "You were stopped in the middle of what follows, and may go on now. What you have done so far "
    "is still there: go on from where you were, and do not begin anew.\n\n"
)


def command(
    order: RunStage,
    kept: KeptOrder,
    workspace: Workspace,
    limits: RoomLimits,
    adapters: Registry = KNOWN,
    *,
    narrates: Callable[[], bool] = lambda: False,
) -> StageCommand:
    """The command of an ordered stage. `narrates` tells whether attempts can run the narrator.
    Raises ValueError for what no process can be given."""
    room = workspace.room
    if order.kind == "agent" and order.agent in (CUSTOM, ACP):
        room = room.showing(*agent_mounts.shown(order.agent_command or "", workspace.layout.home))
    adapter, ask = _adapter(order, adapters), _ask(order, kept, room)
    env = _environment(order, workspace, adapter.variables(ask) if adapter else {})
    is_read = headless.has_format(adapter, ask, env["PATH"]) and narrates()
    if adapter and is_read:
        if order.run > 0 and kept.session is None:
            # The run before was read, too: it was stopped before there was a conversation.
            ask = _ask(order, replace(kept, conversed=False), room)
        ask = ask._replace(structured=True, server=headless.server(room))
        env = _environment(order, workspace, adapter.variables(ask))
    elif adapter and adapter.format == ACP:
        raise ValueError("its agent needs a Python that attempts can reach, and has no terminal")
    made = argv(order, adapter, _told(order, adapter, ask))
    return StageCommand(
        stage_index=order.stage_index,
        run=order.run,
        argv=headless.command(room, adapter, ask, made, order.opening)
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
        room=room.leader(open_network=order.network is None),
        network=None if order.network is None else adapters.reached(order.agent, order.network),
        limits=limits.of_room(
            f"{workspace.key.name}-{order.stage_index}", (workspace.path, workspace.home)
        ),
        channel=order.kind == "agent",
        threads=order.threads,
    )


def argv(order: RunStage, adapter: Adapter | None, ask: Ask) -> list[str]:
    """The command line. Raises ValueError."""
    made = ["bash", "-c", order.text]
    if order.kind == "agent":
        made = adapter.argv(ask) if adapter else custom.argv(order.agent_command, ask.text)
    if any("\0" in word for word in made):
        raise ValueError("the text, or an argument, contains a NUL byte")
    return made


def furniture(
    order: RunStage, kept: KeptOrder, command: StageCommand, adapters: Registry, room: Room
) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """What has to lie in the home before that command is begun, as (path, text); and patterns of
    what its agent leaves in the workspace that is no work."""
    if (adapter := _adapter(order, adapters)) is None:
        return [], ()
    ask = _ask(order, kept, room)
    if headless.is_narrated(command.argv):
        ask = ask._replace(server=headless.server(room))
    return adapter.home_files(command.env, command.cwd, ask), adapter.leaves


def _adapter(order: RunStage, adapters: Registry) -> Adapter | None:
    """None for a command of a project's own, of which nothing is known. Raises ValueError."""
    if order.kind != "agent" or order.agent == CUSTOM:
        return None
    if order.agent == ACP:
        return acp.adapter(order.agent_command)
    if (adapter := adapters.get(order.agent)) is None:
        raise ValueError(f"unknown agent: {order.agent}")
    return adapter


def _ask(order: RunStage, kept: KeptOrder, room: Room) -> Ask:
    goes_on = order.run > 0 and kept.conversed and not order.text.startswith("/")
    return Ask(
        _GOES_ON + order.text if goes_on else order.text,
        order.options or AgentOptions(),
        session=kept.session,
        conversed=kept.conversed,
        contained=room.contains,
        full=room.level == "full",
    )


def _told(order: RunStage, adapter: Adapter | None, ask: Ask) -> Ask:
    """With the text that it is: who does not know what came before is told, and nothing is known of
    a project's own command."""
    if adapter is None or (order.text_anew is not None and not adapter.goes_on(ask)):
        return ask._replace(text=order.text_anew or order.text)
    return ask


class RoomUnavailable(Exception):
    """This machine cannot contain the stage as it has to be; says what it lacks."""


def require_room(order: RunStage, rooms: Rooms) -> None:
    """Raises RoomUnavailable if a stage of that order must not run here."""
    level = order.room if order.network is None else "full"
    if not rooms.at_least(level):
        why = f"the stage needs the room {level}, this machine has {rooms.level}"
        raise RoomUnavailable("; ".join([why, *rooms.lacks]))


def failure(end: StageEnd) -> tuple[str, str] | None:
    """The code and the words with which a stage's end fails its attempt; None if it does not."""
    match end.how:
        case "failed":
            return failure_code(end), end.message
        case "limit":
            code, _, words = end.message.partition(" ")
            return code, words
    return None


def failure_code(end: StageEnd) -> str:
    """The code that is reported for a stage that could not be started.

    A missing binary is what exec says of the program itself: a workspace that cannot be entered has
    the same errno.
    """
    _, _, step = end.message.partition(" ")  # behind the errno's name
    is_missing = end.code in MISSING and step.startswith("exec ")
    return "binary_missing" if is_missing else "start_failed"


def is_of_machine(end: StageEnd) -> bool:
    """Whether the stage's command never ran because of the machine: its sandbox could not be made,
    or our own code failed (`leader.describe_failure`)."""
    name, _, step = end.message.partition(" ")
    is_ours = name == "ERROR" or step.startswith(("begin", "prepare", "room"))
    return end.how == "failed" and is_ours


def _environment(
    order: RunStage, workspace: Workspace, of_agent: Mapping[str, str]
) -> dict[str, str]:
    told = {**order.variables, "stage": order.stage_name, "project": order.project}
    known = {name: value for name, value in told.items() if name in environment.VARIABLES}
    built = environment.build(
        workspace, order.author, order.env, order.secrets, dict(known), of_agent=of_agent
    )
    return built if order.network is None else built | sandbox_listener.environment()
