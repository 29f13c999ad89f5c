"""The domain's exceptions. `app/errors.py` maps each to an HTTP status.

A class's docstring is the message that users see if no other is given, and `code` is what clients
switch on.
"""

from collections.abc import Mapping

from app.domain.field_errors import FieldError


class DomainError(Exception):
    """The request cannot be carried out."""

    code = "error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class InvalidFields(DomainError):
    """Some fields are not valid."""

    code = "validation_failed"

    def __init__(self, errors: Mapping[str, list[FieldError]]) -> None:
        super().__init__()
        self.errors = errors


class NotFound(DomainError):
    """There is nothing here that you may see."""

    code = "not_found"


class Forbidden(DomainError):
    """Your role does not allow this."""

    code = "forbidden"


class SessionRequired(Forbidden):
    """A personal access token cannot do this; sign in."""

    code = "session_required"


class WrongOrigin(Forbidden):
    """Only this server's own pages may do this; programs have ways of their own."""

    code = "wrong_origin"


class ReauthenticationRequired(Forbidden):
    """Prove that it is you, and ask again."""

    code = "reauthentication_required"


class InsufficientScope(Forbidden):
    """This token has been narrowed, and not to what this needs."""

    code = "insufficient_scope"


class PasswordLoginOff(Forbidden):
    """Passwords do not sign in here; use a provider."""

    code = "password_login_off"


class Conflict(DomainError):
    """The state of things does not allow this now."""

    code = "conflict"


class IllegalTransition(Conflict):
    """The task cannot go from here to there."""

    code = "illegal_transition"


class TaskEnded(Conflict):
    """The task has already ended."""

    code = "task_ended"


class TaskNotEnded(Conflict):
    """Only a failed or cancelled task can be retried."""

    code = "task_not_ended"


class NoCheckpoint(Conflict):
    """No checkpoint exists for the stage before that one; retry from an earlier stage."""

    code = "no_checkpoint"


class NoLiveWorkspace(Conflict):
    """The task has no workspace on a machine now."""

    code = "no_live_workspace"


class NothingPending(NotFound):
    """The task is not waiting for an answer."""

    code = "nothing_pending"


class NoWorkspace(NotFound):
    """No machine has begun a workspace for the task yet."""

    code = "no_workspace"


class NoTerminal(Conflict):
    """The task has no live terminal now: no stage of it is running."""

    code = "no_terminal"


class NoOpenGate(Conflict):
    """The task is not waiting for an answer."""

    code = "no_open_gate"


class WrongStage(Conflict):
    """The question is open at another stage."""

    code = "wrong_stage"

    def __init__(self, asked: int, given: int) -> None:
        super().__init__(f"stage {asked} is waiting for an answer, not stage {given}")


class WrongRound(Conflict):
    """That question is of an earlier round; the task has begun another since."""

    code = "wrong_round"


class AlreadyAnswered(Conflict):
    """Somebody else has answered this gate."""

    code = "already_answered"


class HeadChanged(Conflict):
    """The work has gone on since that commit; look again."""

    code = "head_changed"


class CommentPublished(Conflict):
    """A comment that others see stays as it is; answer it instead."""

    code = "comment_published"


class TooManyComments(Conflict):
    """There is no room for more comments here."""

    code = "too_many_comments"


class TunnelOpen(Conflict):
    """A tunnel into the task's workspace is open, and may change what this is about: close it."""

    code = "tunnel_open"


class NetworkClosed(Conflict):
    """The task's network is not open, and a tunnel needs one that is: what lies in the workspace
    would have it, too."""

    code = "network_closed"


class NetworkOpen(Conflict):
    """The project's network is open: its stages may reach every host already."""

    code = "network_open"


class AlreadyExists(Conflict):
    """That name is taken."""

    code = "already_exists"


class ChatBound(AlreadyExists):
    """The bot has bound that chat already; remove that binding first."""

    code = "chat_bound"


class PlatformUidTaken(AlreadyExists):
    """That platformUid is another developer's already."""

    code = "platform_uid_taken"


class ChatTokenInvalid(Conflict):
    """That chat token is not valid (any more)."""

    code = "chat_token_invalid"


class TotpEnabled(Conflict):
    """The second factor is on already; disable it first."""

    code = "totp_enabled"


class TotpNotSetUp(Conflict):
    """There is no second factor to verify; set one up first."""

    code = "totp_not_set_up"


class EmailTaken(Conflict):
    """Another account has that e-mail address."""

    code = "email_taken"


class LockoutPrevented(Conflict):
    """Nobody could sign in any more: without passwords there has to be a provider, and an admin
    with a password for emergencies.
    """

    code = "lockout_prevented"


class LastAdmin(Conflict):
    """The last active admin can be neither demoted nor disabled."""

    code = "last_admin"


class MachineDecommissioned(Conflict):
    """The machine has been decommissioned."""

    code = "machine_decommissioned"


class MachineAlreadyRegistered(Conflict):
    """That machine is registered already, with another token."""

    code = "machine_already_registered"


class IdempotencyKeyReused(Conflict):
    """That Idempotency-Key came with another request before."""

    code = "idempotency_key_reused"


class Unauthenticated(DomainError):
    """A valid credential is needed."""

    code = "unauthenticated"


class InvalidCredentials(Unauthenticated):
    """Name or password is wrong."""

    code = "invalid_credentials"


class TotpRequired(Unauthenticated):
    """A code of the second factor is needed too."""

    code = "totp_required"


class TotpInvalid(Unauthenticated):
    """That code is wrong, or has been used already."""

    code = "totp_invalid"


class InvalidToken(Unauthenticated):
    """The token is not valid here."""

    code = "invalid_token"


class TooManyAttempts(DomainError):
    """Too many failed logins; wait before the next one."""

    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after  # seconds


class TooManyStreams(TooManyAttempts):
    """You have too many streams open; close one first."""

    code = "too_many_streams"


class TooManyRequests(TooManyAttempts):
    """Too many requests; wait before the next one."""

    code = "too_many_requests"


class Unavailable(DomainError):
    """Something this request needs is away; try again shortly."""

    code = "unavailable"
