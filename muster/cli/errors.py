"""The errors of commands and their exit statuses."""

from collections.abc import Mapping, Sequence

DONE = 0
FAILED = 1
USAGE = 2
NOT_ALLOWED = 3  # or not found: the server doesn't distinguish the two
WAITING = 4  # a question is open
INTERRUPTED = 130


class CliError(Exception):
    """An error that ends the command: a message, optional advice and an exit status."""

    def __init__(self, words: str, *, advice: str = "", status: int = FAILED) -> None:
        super().__init__(words)
        self.message, self.advice, self.status = words, advice, status


class BadUsage(CliError):
    """A usage error that shows only when the command runs."""

    def __init__(self, words: str, *, advice: str = "") -> None:
        super().__init__(words, advice=advice, status=USAGE)


class NotSignedIn(CliError):
    """There's no credential for the server, or it's no longer valid."""

    def __init__(self, words: str, advice: str = "muster login") -> None:
        super().__init__(words, advice=advice, status=NOT_ALLOWED)


class Unreachable(CliError):
    """The server didn't respond, or the response isn't Muster's."""


class ApiError(CliError):
    """A problem response (RFC 9457); `request_id` identifies the request in the server's logs."""

    def __init__(
        self,
        http_status: int,
        code: str,
        detail: str,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        request: str = "",
        retry_after: float | None = None,
        path: str = "",
    ) -> None:
        """`retry_after` is in seconds; `path` is the request's."""
        self.path = path
        self.http_status, self.code, self.detail = http_status, code, detail
        self.fields, self.request_id, self.retry_after = dict(fields or {}), request, retry_after
        is_forbidden = http_status in (401, 403, 404)
        status = NOT_ALLOWED if is_forbidden else FAILED
        super().__init__(self._format_message(), advice=_ADVICE.get(code, ""), status=status)

    def _format_message(self) -> str:
        where = f"{self.http_status} {self.code}".strip()
        request = f", request {self.request_id}" if self.request_id else ""
        lines = [f"{self.detail} ({where}{request})"]
        lines += [f"  {name}: {' '.join(words)}" for name, words in self.fields.items()]
        return "\n".join(lines)


_ADVICE = {
    "unauthenticated": "muster login",
    "invalid_token": "muster login",
    "session_required": "Personal access tokens can't do this. Sign in: muster login",
    "insufficient_scope": "This token lacks the required scope. Sign in: muster login",
    "reauthentication_required": "Confirm your identity and retry: muster profile reauthenticate",
    "no_diff": "See the task's progress: muster task show",
    "no_open_gate": "See what the task waits for: muster task show",
    "task_not_ended": "Cancel the task first: muster task cancel",
    "idempotency_key_reused": "Omit --idempotency-key or use another one",
}
