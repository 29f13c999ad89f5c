"""Device sign-in (RFC 8628), for programs that a browser can't redirect to."""

from typing import Any

from app.api import client_address
from app.api.auth import clients, public_url
from app.api.auth.public_url import PublicUrlMissing
from app.api.blueprint import Blueprint
from app.api.problems import problems
from app.api.schemas.auth import TokenPairSchema
from app.api.schemas.device import DeviceCode, DeviceCodesSchema, NewDevice
from app.domain import device_login
from app.domain.device_login import AccessDenied, AuthorizationPending, ExpiredToken, SlowDown
from app.domain.errors import TooManyAttempts
from app.services.accounts import device_logins
from app.services.accounts.logins import TokenPair

blp = Blueprint("device", __name__, url_prefix="/api/auth/device", description="Device sign-in")


@blp.post("")
@blp.arguments(NewDevice)
@blp.response(200, DeviceCodesSchema)
@problems(blp, PublicUrlMissing, TooManyAttempts)
def request_device_authorization(body: dict[str, str]) -> dict[str, Any]:
    """Start a device sign-in: show the user code and poll for the tokens."""
    page = f"{public_url.server_url()}/device"
    codes = device_logins.request_codes(
        clients.request_client_name(body["client_name"]), client_address.client_ip()
    )
    return {
        "device_code": codes.device_code,
        "user_code": codes.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?code={codes.user_code}",
        "expires_in": device_login.LIFETIME_SECONDS,
        "interval": device_login.POLL_INTERVAL_SECONDS,
    }


@blp.post("/token")
@blp.arguments(DeviceCode)
@blp.response(200, TokenPairSchema)
@problems(blp, AuthorizationPending, SlowDown, AccessDenied, ExpiredToken)
def get_device_tokens(body: dict[str, str]) -> TokenPair:
    """Get the device's tokens, once, after someone approved it."""
    return device_logins.redeem(body["device_code"], client_address.client_ip())
