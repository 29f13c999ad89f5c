"""Approval of device sign-ins, by the code that the device shows."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer, current_login
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.device import WaitingDeviceSchema
from app.domain.errors import ReauthenticationRequired, TooManyAttempts
from app.services.accounts import device_logins
from app.services.accounts.device_logins import WaitingDevice

blp = Blueprint("web-device", __name__, url_prefix="/api/web/device", description="Device approval")


@blp.get("/<user_code>")
@blp.response(200, WaitingDeviceSchema)
@problems(blp, TooManyAttempts)
def get_device(user_code: str) -> WaitingDevice:
    """Get the device that shows this code. Not with a personal access token."""
    return device_logins.find_waiting(current_developer(), user_code)


@blp.post("/<user_code>/approve")
@blp.response(200, Empty)
@problems(blp, ReauthenticationRequired, TooManyAttempts)
def approve_device(user_code: str) -> dict[str, Any]:
    """Approve the device's sign-in to your account. Not with a personal access token."""
    device_logins.approve(current_developer(), current_login(), user_code)
    return {}


@blp.post("/<user_code>/deny")
@blp.response(200, Empty)
@problems(blp, TooManyAttempts)
def deny_device(user_code: str) -> dict[str, Any]:
    """Deny the device's sign-in. Not with a personal access token."""
    device_logins.deny(current_developer(), user_code)
    return {}
