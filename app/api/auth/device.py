"""Logins of devices (RFC 8628), for programs that no browser comes back to."""

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
from app.services.accounts.logins import Pair

blp = Blueprint("device", __name__, url_prefix="/api/auth/device", description="Logins of devices")


@blp.post("")
@blp.arguments(NewDevice)
@blp.response(200, DeviceCodesSchema)
@problems(blp, PublicUrlMissing, TooManyAttempts)
def ask_for_device(body: dict[str, str]) -> dict[str, Any]:
    """Ask to be let in: show the user code, and ask for the tokens until somebody has answered."""
    page = f"{public_url.of_server()}/device"
    codes = device_logins.ask(clients.named(body["client_name"]), client_address.of_client())
    return {
        "device_code": codes.device_code,
        "user_code": codes.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?code={codes.user_code}",
        "expires_in": device_login.SECONDS,
        "interval": device_login.INTERVAL,
    }


@blp.post("/token")
@blp.arguments(DeviceCode)
@blp.response(200, TokenPairSchema)
@problems(blp, AuthorizationPending, SlowDown, AccessDenied, ExpiredToken)
def get_devices_tokens(body: dict[str, str]) -> Pair:
    """The device's tokens, once, when somebody has let it in."""
    return device_logins.redeem(body["device_code"], client_address.of_client())
