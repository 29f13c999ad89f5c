"""How git fails."""


class GitError(Exception):
    """git failed. `message` is in git's own words, trimmed, credentials masked."""

    def __init__(
        self, message: str, stderr: str = "", stdout: str = "", status: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.stderr = stderr
        self.stdout = stdout
        self.status = status  # git's exit status, if it had one


class GitTimeout(GitError):
    """git took longer than it was given, and was killed."""


class GitStalled(GitTimeout):
    """git did nothing for longer than it was given, and was killed."""


class GitExceeded(GitError):
    """git, or what the workspace had it run, used more than an attempt may, and was killed."""


class GitCancelled(GitError):
    """Somebody asked to stop, and git was killed."""


class WorkRefused(GitError):
    """The work cannot be taken. `code` is work_too_large or work_unreadable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
