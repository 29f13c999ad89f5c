"""Where a machine has a task's work from, where it brings it, and in whose name; by an order's row.

Logins are in clear: they go to the machine and nowhere else.
"""

from typing import Any

from app.domain.attempt import branch_of
from app.services import encryption
from app.services.machines import round_context
from muster.protocol import frames


def of(row: Any) -> frames.Repo:
    """Raises vault.KeyMissing."""
    return frames.Repo(
        url=row.repo_url,
        base=row.default_branch,
        branch=branch_of(row.task_id, row.attempt),
        resume_from=row.resume_from,
        token=encryption.decrypt(row.git_token) if row.git_token else None,
        ssh_key=encryption.decrypt(row.ssh_key) if row.ssh_key else None,
        known_hosts=row.known_hosts or None,
        before=round_context.before(row.checkpoints),
        resume_commit=row.resume_commit,
    )


def author(row: Any) -> frames.Author:
    return frames.Author(name=row.git_name, email=row.git_email)
