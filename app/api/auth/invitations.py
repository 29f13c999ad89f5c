"""Accepting an invitation, by the secret in its link."""

from app.api import client_address
from app.api.auth import clients, cookies, public_url
from app.api.auth.public_url import PublicUrlMissing
from app.api.blueprint import Blueprint
from app.api.login_limits import invitation_limit
from app.api.problems import problems
from app.api.schemas.invitations import (
    AcceptedInvitationSchema,
    InvitationAnswer,
    InvitationOfferSchema,
    InvitationSecret,
)
from app.domain import field_errors
from app.domain.errors import (
    AlreadyExists,
    EmailTaken,
    InvalidFields,
    PasswordLoginOff,
    TooManyAttempts,
)
from app.domain.invitation import (
    InvitationAccepted,
    InvitationExpired,
    InvitationNotFound,
    InvitationWithdrawn,
    InviterDisabled,
)
from app.services.accounts import invitation_acceptance
from app.services.accounts.invitations import InvitationView
from app.services.sso import sign_in_flow

blp = Blueprint(
    "accept-invitations",
    __name__,
    url_prefix="/api/auth/invitations",
    description="Accept an invitation",
)
_REFUSALS = (
    *(InvitationNotFound, InvitationAccepted, InvitationWithdrawn, InvitationExpired),
    *(InviterDisabled, TooManyAttempts),
)


@blp.post("/inspect")
@blp.arguments(InvitationSecret)
@blp.response(200, InvitationOfferSchema)
@problems(blp, *_REFUSALS)
def inspect_invitation(body: dict[str, str]) -> InvitationView:
    """Get what an invitation offers, and until when."""
    with invitation_limit().count_failures():
        return invitation_acceptance.inspect(body["token"])


@blp.post("/accept")
@blp.arguments(InvitationAnswer)
@blp.response(200, AcceptedInvitationSchema)
@problems(blp, *_REFUSALS, AlreadyExists, EmailTaken, PasswordLoginOff, PublicUrlMissing)
def accept_invitation(body: dict[str, str]) -> dict[str, str | None]:
    """Create the invitation's account with `name` and `password`, then sign in with them.

    With a `provider` instead, the response has the URL for the browser. The account is created when
    it returns, and belongs to the identity there.
    """
    provider = body.get("provider")
    if provider is not None:
        return {"name": None, "url": _start_sign_in(body["token"], provider)}
    missing = {
        field: [field_errors.REQUIRED] for field in ("name", "password") if field not in body
    }
    if missing:
        raise InvalidFields(missing)
    with invitation_limit().count_failures():
        developer = invitation_acceptance.accept(
            body["token"], name=body["name"], password=body["password"]
        )
    return {"name": developer.name, "url": None}


def _start_sign_in(secret: str, provider: str) -> str:
    with invitation_limit().count_failures():
        invitation = invitation_acceptance.find_open(secret)
    return sign_in_flow.start_invited_sign_in(
        invitation.id,
        provider,
        binding=cookies.bind_sign_in(),
        base=public_url.server_url(),
        address=client_address.client_ip(),
        client=clients.request_client_name(),
    )
