"""A push of an attempt's result, for tests of git."""

from muster.protocol.frames import Author
from muster.worker.git import checkpoints
from muster.worker.git.checkpoints import PushedBranch
from muster.worker.git.remote import NO_LOGIN, Login
from muster.worker.git.workspace import NoteHandler, Workspace


def publish(
    workspace: Workspace, stage: int, author: Author, login: Login = NO_LOGIN, *, note: NoteHandler
) -> PushedBranch:
    """Push the attempt's result, without an ordered commit."""
    ready = checkpoints.find_publish_revision(workspace, stage, author, login, note=note)
    return checkpoints.push_branch(workspace, ready, login)
