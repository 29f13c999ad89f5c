"""The repository in an order: where the work comes from, where it's pushed, and its author.

Logins are in clear text: they go only to the machine.
"""

from typing import Any

from app.domain.attempt import attempt_branch
from app.services import encryption
from app.services.machines import round_context
from muster.protocol import frames


def build_repo(row: Any) -> frames.Repo:
    """Return the order's repository. Raises encryption.KeyMissing."""
    return frames.Repo(
        url=row.repo_url,
        base=row.default_branch,
        branch=attempt_branch(row.task_id, row.attempt),
        resume_from=row.resume_from,
        token=encryption.decrypt(row.git_token) if row.git_token else None,
        ssh_key=encryption.decrypt(row.ssh_key) if row.ssh_key else None,
        known_hosts=row.known_hosts or None,
        before=round_context.previous_commit(row.checkpoints),
        resume_commit=row.resume_commit,
    )


def build_author(row: Any) -> frames.Author:
    return frames.Author(name=row.git_name, email=row.git_email)
