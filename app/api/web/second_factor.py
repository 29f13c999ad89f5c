"""Your own two-factor authentication."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer, current_login
from app.api.login_limits import reauthentication_limit
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.second_factor import PasswordConfirmation, TotpCode, TotpSetup, TotpVerified
from app.domain.errors import ReauthenticationRequired, TooManyAttempts, TotpEnabled, TotpNotSetUp
from app.services.accounts import second_factor
from app.services.accounts.second_factor import Setup

blp = Blueprint(
    "totp", __name__, url_prefix="/api/web/profile/totp", description="Two-factor authentication"
)


@blp.post("/setup")
@blp.response(200, TotpSetup)
@problems(blp, ReauthenticationRequired, TotpEnabled)
def start_totp_setup() -> Setup:
    """Create a secret for your device. It has no effect until it's verified.

    Requires a sign-in or reauthentication within the last ten minutes.
    """
    return second_factor.set_up(current_developer(), current_login())


@blp.post("/verify")
@blp.arguments(TotpCode)
@blp.response(200, TotpVerified)
@problems(blp, TotpNotSetUp, TotpEnabled)
def verify_totp(body: dict[str, str]) -> dict[str, Any]:
    """Turn on two-factor authentication, with a code that proves that your device has the secret.

    After that, sign-ins require a code.
    """
    codes = second_factor.verify(current_developer(), body["code"])
    return {"enabled": True, "recovery_codes": codes}


@blp.post("/disable")
@blp.arguments(PasswordConfirmation)
@blp.response(200, Empty)
@problems(blp, TooManyAttempts)
def disable_totp(body: dict[str, str]) -> dict[str, Any]:
    """Turn off two-factor authentication."""
    second_factor.disable(current_developer(), reauthentication_limit(), body["password"])
    return {}
