"""The domain's exceptions. `app/errors.py` maps each to an HTTP status.

A class's docstring is the default message for users, and clients switch on `code`.
"""

from collections.abc import Mapping

from app.domain.field_errors import FieldError


class DomainError(Exception):
    """The request can't be carried out."""

    code = "error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class InvalidFields(DomainError):
    """Some fields are invalid."""

    code = "validation_failed"

    def __init__(self, errors: Mapping[str, list[FieldError]]) -> None:
        super().__init__()
        self.errors = errors


class NotFound(DomainError):
    """Not found, or you don't have access."""

    code = "not_found"


class Forbidden(DomainError):
    """You don't have permission."""

    code = "forbidden"


class SessionRequired(Forbidden):
    """Personal access tokens can't do this. Sign in."""

    code = "session_required"


class WrongOrigin(Forbidden):
    """Requests from this origin aren't allowed."""

    code = "wrong_origin"


class ReauthenticationRequired(Forbidden):
    """Confirm your identity and retry."""

    code = "reauthentication_required"


class InsufficientScope(Forbidden):
    """This token lacks the required scope."""

    code = "insufficient_scope"


class PasswordLoginOff(Forbidden):
    """Password sign-in is off. Use single sign-on."""

    code = "password_login_off"


class Conflict(DomainError):
    """Not possible in the current state."""

    code = "conflict"


class IllegalTransition(Conflict):
    """The task can't change to that state."""

    code = "illegal_transition"


class TaskEnded(Conflict):
    """The task has already ended."""

    code = "task_ended"


class TaskNotEnded(Conflict):
    """Only a failed or cancelled task can be retried."""

    code = "task_not_ended"


class NoCheckpoint(Conflict):
    """No checkpoint before that stage. Pick an earlier one."""

    code = "no_checkpoint"


class NoLiveWorkspace(Conflict):
    """The task has no active workspace."""

    code = "no_live_workspace"


class NothingPending(NotFound):
    """The task isn't waiting for an answer."""

    code = "nothing_pending"


class NoWorkspace(NotFound):
    """No machine has started a workspace for the task yet."""

    code = "no_workspace"


class NoTerminal(Conflict):
    """No stage is running."""

    code = "no_terminal"


class NoOpenGate(Conflict):
    """The task isn't waiting for an answer."""

    code = "no_open_gate"


class WrongStage(Conflict):
    """The question is open at another stage."""

    code = "wrong_stage"

    def __init__(self, asked: int, given: int) -> None:
        super().__init__(f"Stage {asked} is waiting, not stage {given}.")


class WrongRound(Conflict):
    """That question is from an earlier round."""

    code = "wrong_round"


class HeadChanged(Conflict):
    """The work has changed. Review the latest."""

    code = "head_changed"


class CommentPublished(Conflict):
    """Published comments can't be edited. Reply instead."""

    code = "comment_published"


class TooManyComments(Conflict):
    """This task or thread already has the maximum number of comments."""

    code = "too_many_comments"


class TunnelOpen(Conflict):
    """Close the tunnel first. It could change the workspace."""

    code = "tunnel_open"


class NetworkClosed(Conflict):
    """Tunnels need an open network; this task's network is restricted."""

    code = "network_closed"


class NetworkOpen(Conflict):
    """The project's network is open: its stages can already reach every host."""

    code = "network_open"


class AlreadyExists(Conflict):
    """That name is taken."""

    code = "already_exists"


class ChatBound(AlreadyExists):
    """The bot is already bound to that chat. Remove that binding first."""

    code = "chat_bound"


class PlatformUidTaken(AlreadyExists):
    """That platformUid belongs to another developer."""

    code = "platform_uid_taken"


class ChatTokenInvalid(Conflict):
    """That chat token is invalid or has expired."""

    code = "chat_token_invalid"


class ProjectArchived(Conflict):
    """The project is archived: it takes no new work."""

    code = "project_archived"


class TotpEnabled(Conflict):
    """Two-factor authentication is already on. Disable it first."""

    code = "totp_enabled"


class TotpNotSetUp(Conflict):
    """Two-factor authentication isn't set up. Set it up first."""

    code = "totp_not_set_up"


class EmailTaken(Conflict):
    """Another account has that email address."""

    code = "email_taken"


class LockoutPrevented(Conflict):
    """This would lock everyone out. Without passwords, you need a provider and a break-glass admin
    with a password.
    """

    code = "lockout_prevented"


class LastAdmin(Conflict):
    """You can't demote or disable the last admin."""

    code = "last_admin"


class MachineDecommissioned(Conflict):
    """The machine has been decommissioned."""

    code = "machine_decommissioned"


class MachineAlreadyRegistered(Conflict):
    """Already registered with another token."""

    code = "machine_already_registered"


class IdempotencyKeyReused(Conflict):
    """This key was used for another request."""

    code = "idempotency_key_reused"


class Unauthenticated(DomainError):
    """A valid credential is required."""

    code = "unauthenticated"


class InvalidCredentials(Unauthenticated):
    """Wrong name or password."""

    code = "invalid_credentials"


class TotpRequired(Unauthenticated):
    """A two-factor code is required too."""

    code = "totp_required"


class TotpInvalid(Unauthenticated):
    """Wrong or already used two-factor code."""

    code = "totp_invalid"


class InvalidToken(Unauthenticated):
    """The token isn't valid here."""

    code = "invalid_token"


class TooManyAttempts(DomainError):
    """Too many failed sign-ins. Wait before you try again."""

    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after  # seconds


class TooManyStreams(TooManyAttempts):
    """You have too many streams open. Close one first."""

    code = "too_many_streams"


class TooManyRequests(TooManyAttempts):
    """Too many requests. Wait before the next one."""

    code = "too_many_requests"


class Unavailable(DomainError):
    """A required service is down. Retry shortly."""

    code = "unavailable"
