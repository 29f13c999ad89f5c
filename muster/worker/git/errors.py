"""The errors of git."""


class GitError(Exception):
    """git failed. `message` is git's own text, trimmed, with credentials masked."""

    def __init__(
        self, message: str, stderr: str = "", stdout: str = "", status: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.stderr = stderr
        self.stdout = stdout
        self.status = status  # git's exit status, if there is one


class GitTimeout(GitError):
    """git exceeded its time limit, and was killed."""


class GitStalled(GitTimeout):
    """git made no progress for too long, and was killed."""


class GitExceeded(GitError):
    """git, or a program that the workspace had it run, exceeded an attempt's limits, and was
    killed."""


class GitCancelled(GitError):
    """A stop was requested, and git was killed."""


class WorkRefused(GitError):
    """The work can't be used. `code` is work_too_large or work_unreadable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
