"""Prepare a stage: its workspace, its command, and its agent's files."""

from muster.protocol.frames import RunStage
from muster.worker.agents import stage_command
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts.attempt_workspace import AttemptWorkspace
from muster.worker.attempts.context import AttemptContext
from muster.worker.shim.wire import StageCommand


def prepare_stage(
    context: AttemptContext,
    workspace: AttemptWorkspace,
    order: RunStage,
    kept: AttemptState,
    *,
    has_begun: bool,
) -> StageCommand:
    """Return the command of a stage that can start now, or that an earlier daemon started
    (`has_begun`).

    Raises SandboxUnavailable, WorkspaceError, NoIdentityLeft, OSError, ValueError.
    """
    adapters = context.agent_health.adapters
    stage_command.require_sandbox(order, context.sandboxes)
    made = workspace.prepare(order.repo, order.author, kept.reused_home_of)
    command = stage_command.build_command(
        order, kept, made, context.limits, adapters, narrates=context.has_runner
    )
    if has_begun:
        return command
    workspace.undo_changes()
    if (
        order.agent not in kept.session_agents or kept.reused_home_of is not None
    ):  # the workspace is new
        workspace.set_up_home(
            *stage_command.home_setup_files(order, kept, command, adapters, made.sandbox)
        )
    return command
