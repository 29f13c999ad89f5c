"""What can go wrong, and the exit status that says so."""

from collections.abc import Mapping, Sequence

DONE = 0
FAILED = 1
USAGE = 2
NOT_ALLOWED = 3  # or not there: the server does not tell the two apart
WAITING = 4  # for somebody: a question is open
INTERRUPTED = 130


class CliError(Exception):
    """Something that ends the command: words for people, perhaps what to do next, and a status."""

    def __init__(self, words: str, *, advice: str = "", status: int = FAILED) -> None:
        super().__init__(words)
        self.message, self.advice, self.status = words, advice, status


class BadUsage(CliError):
    """The command was asked wrongly, in a way that only shows when it runs."""

    def __init__(self, words: str, *, advice: str = "") -> None:
        super().__init__(words, advice=advice, status=USAGE)


class NotSignedIn(CliError):
    """There is no credential for the server, or it is good no more."""

    def __init__(self, words: str, advice: str = "muster login") -> None:
        super().__init__(words, advice=advice, status=NOT_ALLOWED)


class Unreachable(CliError):
    """The server gave no answer, or none of Muster's."""


class ApiError(CliError):
    """The server answers with a problem (RFC 9457); `request` finds it in the server's logs."""

    def __init__(
        self,
        http_status: int,
        code: str,
        detail: str,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        request: str = "",
        retry_after: float | None = None,
    ) -> None:
        """`retry_after` is in seconds."""
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
    "session_required": "A personal token cannot do this: sign in by muster login",
    "insufficient_scope": "The personal token is too narrow for this: muster login",
    "reauthentication_required": "Say that it is you: muster profile reauthenticate",
    "no_diff": "muster task show tells how far the task is",
    "no_open_gate": "muster task show tells what the task waits for",
    "task_not_ended": "muster task cancel ends it first",
    "idempotency_key_reused": "Leave --idempotency-key out, or take another",
}
