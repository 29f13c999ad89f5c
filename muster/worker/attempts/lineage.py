"""Find the revision that an attempt's work follows: the last reported one, or its start."""

from muster.protocol.frames import Revision
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.git import checkpoints
from muster.worker.git.remote import Login
from muster.worker.git.workspace import Workspace
from muster.worker.journal.reported_progress import ReportedProgress


def reported_revision(
    standing: ReportedProgress, kept: AttemptState, commit: str | None
) -> Revision | None:
    """Return the revision of that commit, if it is the last one reported and includes all of its
    last stage. Nobody has approved later changes through a tunnel."""
    has_last = standing.has_checkpointed(kept.stage_index, kept.run)
    return (
        standing.last_revision
        if has_last and standing.last_revision and standing.last_revision.commit == commit
        else None
    )


def previous_revision(
    standing: ReportedProgress, workspace: Workspace, kept: AttemptState
) -> Revision:
    """Return the checkpoint that the attempt's next one follows. Raises GitError."""
    if standing.last_revision is not None:
        return standing.last_revision
    began = kept.repo.resume_commit or workspace.base_commit
    return checkpoints.read_revision(workspace.mirror(Login.from_repo(kept.repo)), began)
