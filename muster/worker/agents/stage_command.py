"""What a stage order becomes: an argv, an environment, a place, a uid."""

from muster.protocol.frames import RunStage
from muster.worker.agents import agents, environment
from muster.worker.agents.kept_order import KeptOrder
from muster.worker.egress import in_room
from muster.worker.git.workspace import Workspace
from muster.worker.limits.room_limits import RoomLimits
from muster.worker.room.rooms import Rooms
from muster.worker.shim.wire import StageCommand, StageEnd


def command(
    order: RunStage, kept: KeptOrder, workspace: Workspace, limits: RoomLimits
) -> StageCommand:
    """The command of an ordered stage. Raises ValueError for what no process can be given."""
    room = workspace.room
    if order.kind == "agent" and order.agent == agents.CUSTOM:
        room = room.showing(*agents.shown(order.agent_command or "", workspace.layout.home))
    return StageCommand(
        stage_index=order.stage_index,
        run=order.run,
        argv=agents.argv(
            order.agent,
            order.kind,
            order.text,
            not kept.conversed,
            order.agent_command,
            contained=room.contains,
        ),
        env=_environment(order, workspace),
        cwd=room.workspace,
        timeout=order.timeout,
        uid=room.uid,
        gid=room.uid,
        cols=order.cols,
        rows=order.rows,
        secrets=[*order.secrets.values(), *filter(None, [order.repo.token, order.repo.ssh_key])],
        room=room.leader(open_network=order.network is None),
        network=None if order.network is None else agents.reached(order.agent, order.network),
        limits=limits.of_room(
            f"{workspace.key.name}-{order.stage_index}", (workspace.path, workspace.home)
        ),
        channel=order.kind == "agent",
    )


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
    is_missing = end.code in agents.MISSING and step.startswith("exec ")
    return "binary_missing" if is_missing else "start_failed"


def _environment(order: RunStage, workspace: Workspace) -> dict[str, str]:
    told = {**order.variables, "stage": order.stage_name, "project": order.project}
    known = {name: value for name, value in told.items() if name in environment.VARIABLES}
    built = environment.build(workspace, order.author, order.env, order.secrets, dict(known))
    return built if order.network is None else built | in_room.environment()
