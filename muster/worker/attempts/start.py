"""What is done before a stage begins: its workspace, its command, and what its agent needs."""

from muster.protocol.frames import RunStage
from muster.worker.agents import stage_command
from muster.worker.agents.attempt_state import KeptOrder
from muster.worker.attempts.attempt_workspace import AttemptWorkspace
from muster.worker.attempts.context import AttemptContext
from muster.worker.shim.wire import StageCommand


def prepared(
    context: AttemptContext,
    workspace: AttemptWorkspace,
    order: RunStage,
    kept: KeptOrder,
    *,
    has_begun: bool,
) -> StageCommand:
    """The command of a stage that can begin now, or `has_begun` in an earlier life of the daemon.

    Raises RoomUnavailable, WorkspaceError, NoIdentityLeft, OSError, ValueError.
    """
    adapters = context.health.adapters
    stage_command.require_room(order, context.rooms)
    made = workspace.prepared(order.repo, order.author, kept.home_of)
    command = stage_command.command(
        order, kept, made, context.limits, adapters, narrates=context.narrates
    )
    if has_begun:
        return command
    workspace.undo_changes()
    if order.agent not in kept.talked or kept.home_of is not None:  # the workspace is new
        workspace.furnish(*stage_command.furniture(order, kept, command, adapters, made.room))
    return command
