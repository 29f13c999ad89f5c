"""Prepare a stage: its workspace, its images, its command, and its agent's files."""

import threading
from dataclasses import replace

from muster.protocol.frames import RunStage
from muster.protocol.runs import starts_turn
from muster.worker.agents import stage_command
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.agents.prompt_messages import with_messages
from muster.worker.attempts import images
from muster.worker.attempts.attempt_workspace import AttemptWorkspace
from muster.worker.attempts.context import AttemptContext
from muster.worker.shim.wire import StageCommand


def prepare_stage(
    context: AttemptContext,
    workspace: AttemptWorkspace,
    order: RunStage,
    kept: AttemptState,
    abandoned: threading.Event,
    *,
    has_begun: bool,
) -> StageCommand:
    """Return the command of a stage that can start now, or that an earlier daemon started
    (`has_begun`).

    Raises SandboxUnavailable, WorkspaceError, ImagesUnavailable, NoIdentityLeft, OSError,
    ValueError.
    """
    adapters = context.agent_health.adapters
    stage_command.require_sandbox(order, context.sandboxes)
    made = workspace.prepare(order.repo, order.author, kept.reused_home_of)
    shown = () if has_begun else order.images
    given = (context, made.key, shown, made.sandbox.uid, abandoned)
    if (directory := images.fetch_images(*given)) is not None:
        made = replace(made, sandbox=made.sandbox.with_visible(directory))
        order = images.with_image_paths(order, directory)
    order = with_messages(order)
    command = stage_command.build_command(
        order,
        kept,
        made,
        context.limits,
        adapters,
        narrates=context.has_runner,
        takes_messages=context.agent_health.takes_messages,
    )
    if has_begun:
        return command
    workspace.undo_changes(is_turn=starts_turn(order.run))
    if (
        order.agent not in kept.session_agents or kept.reused_home_of is not None
    ):  # the workspace is new
        workspace.set_up_home(
            *stage_command.home_setup_files(order, kept, command, adapters, made.sandbox)
        )
    return command
