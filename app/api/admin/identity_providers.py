"""Single sign-on providers. (Their guard is on /api/admin.)"""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.sso import IdentityProviderSchema, NewProvider, ProviderChanges
from app.domain.errors import AlreadyExists, SessionRequired
from app.models import IdentityProvider
from app.services.sso import providers

blp = Blueprint(
    "identity-providers",
    __name__,
    url_prefix="/api/admin/identity-providers",
    description="Single sign-on providers",
)


@blp.get("")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(IdentityProviderSchema))
def list_identity_providers(query: dict[str, Any]) -> dict[str, Any]:
    """List all providers, newest first, without their secrets."""
    return paginate_by_cursor(providers.listing(current_developer()), IdentityProvider.id, **query)


@blp.post("")
@blp.arguments(NewProvider)
@blp.response(201, IdentityProviderSchema)
@problems(blp, AlreadyExists, SessionRequired)
def create_identity_provider(body: dict[str, Any]) -> IdentityProvider:
    """Create a provider. Not with a personal access token."""
    return providers.create(current_developer(), **body)


@blp.put("/<int:provider_id>")
@blp.arguments(ProviderChanges)
@blp.response(200, IdentityProviderSchema)
@problems(blp, SessionRequired)
def update_identity_provider(body: dict[str, Any], provider_id: int) -> IdentityProvider:
    """Change the fields in the body. Not with a personal access token. Name and issuer can't be
    changed.
    """
    return providers.update(current_developer(), provider_id, **body)


@blp.delete("/<int:provider_id>")
@blp.response(200, Empty)
def delete_identity_provider(provider_id: int) -> dict[str, Any]:
    """Delete a provider with all its identities, and revoke the roles that its groups granted."""
    providers.delete(current_developer(), provider_id)
    return {}
