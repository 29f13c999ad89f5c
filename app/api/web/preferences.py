"""Your own notification preferences."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.schemas.preferences import PreferenceChanges, PreferencesSchema
from app.domain.notification_rules import NotificationType, Preferences
from app.services.accounts import preferences

blp = Blueprint(
    "preferences",
    __name__,
    url_prefix="/api/web/profile/notifications",
    description="Notification preferences",
)


@blp.get("")
@blp.response(200, PreferencesSchema)
def get_preferences() -> dict[str, Any]:
    """Get, for each notification type, whether you are notified, on which channels, and for
    which tasks.
    """
    return _by_name(preferences.get(current_developer()))


@blp.put("")
@blp.arguments(PreferenceChanges)
@blp.response(200, PreferencesSchema)
def update_preferences(body: dict[str, Any]) -> dict[str, Any]:
    """Change the fields in the body; omitted fields don't change."""
    changes = {NotificationType(kind): fields for kind, fields in body.items()}
    return _by_name(preferences.update(current_developer(), changes))


def _by_name(chosen: Preferences) -> dict[str, Any]:
    return {kind.value: choice for kind, choice in chosen.items()}
