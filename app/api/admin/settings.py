"""Settings that admins change while the server runs. (The guard is on /api/admin.)"""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.api.schemas.settings import SettingChanges, SettingsSchema
from app.domain.errors import LockoutPrevented, SessionRequired
from app.services import settings
from app.services.accounts import break_glass
from app.services.settings import SettingView

blp = Blueprint("settings", __name__, url_prefix="/api/admin/settings", description="Settings")


@blp.get("")
@blp.response(200, SettingsSchema)
def list_settings() -> dict[str, Any]:
    """List every setting: its value, and in the registry its meaning and limits."""
    return _settings_json(settings.list_all(current_developer()))


@blp.put("")
@blp.arguments(SettingChanges)
@blp.response(200, SettingsSchema)
@problems(blp, LockoutPrevented, SessionRequired)
def update_settings(body: dict[str, Any]) -> dict[str, Any]:
    """Change the settings in the body; null restores the default. Takes effect within a second.

    Not with a personal access token.
    """
    return _settings_json(break_glass.update_settings(current_developer(), body))


def _settings_json(views: list[SettingView]) -> dict[str, Any]:
    return {"settings": {view.setting.key: view.value for view in views}, "registry": views}
