"""Developers' identities at single sign-on providers. (Their guard is on /api/admin.)"""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.sso import IdentitySchema, NewIdentity
from app.domain.errors import SessionRequired
from app.models import DeveloperIdentity
from app.services.sso import identities
from app.services.sso.identities import IdentityTaken, LinkedIdentity

blp = Blueprint(
    "identities", __name__, url_prefix="/api/admin/developers", description="Developers"
)


@blp.get("/<int:developer_id>/identities")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(IdentitySchema))
def list_identities(query: dict[str, Any], developer_id: int) -> dict[str, Any]:
    """List the developer's identities at providers, newest first."""
    rows = identities.listing(current_developer(), developer_id)
    page = paginate_by_cursor(rows, DeveloperIdentity.id, **query)
    return {**page, "items": identities.views(page["items"])}


@blp.post("/<int:developer_id>/identities")
@blp.arguments(NewIdentity)
@blp.response(201, IdentitySchema)
@problems(blp, IdentityTaken, SessionRequired)
def link_identity(body: dict[str, Any], developer_id: int) -> LinkedIdentity:
    """Link the developer to an identity at a provider. Not with a personal access token."""
    return identities.create(current_developer(), developer_id, **body)


@blp.delete("/<int:developer_id>/identities/<int:identity_id>")
@blp.response(200, Empty)
def unlink_identity(developer_id: int, identity_id: int) -> dict[str, Any]:
    """Unlink an identity, and revoke the roles that its groups granted."""
    identities.delete(current_developer(), developer_id, identity_id)
    return {}
