"""Your own personal access tokens."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer, current_login
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.personal_tokens import (
    CreatedPersonalToken,
    NewPersonalToken,
    PersonalTokenSchema,
)
from app.domain.errors import ReauthenticationRequired
from app.models import PersonalToken
from app.services.accounts import personal_tokens
from app.services.accounts.personal_tokens import PersonalTokenView

blp = Blueprint(
    "personal-tokens",
    __name__,
    url_prefix="/api/web/profile/tokens",
    description="Personal access tokens",
)


@blp.get("")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(PersonalTokenSchema))
def list_personal_tokens(query: dict[str, Any]) -> dict[str, Any]:
    """List your tokens, newest first, without the secrets."""
    page = paginate_by_cursor(
        personal_tokens.listing(current_developer()), PersonalToken.id, **query
    )
    return {**page, "items": personal_tokens.views(page["items"])}


@blp.post("")
@blp.arguments(NewPersonalToken)
@blp.response(201, CreatedPersonalToken)
@problems(blp, ReauthenticationRequired)
def create_personal_token(body: dict[str, Any]) -> PersonalTokenView:
    """Create a token. It's shown only here.

    Requires a sign-in or reauthentication within the last ten minutes. Not with a personal access
    token.
    """
    return personal_tokens.create(current_developer(), current_login(), **body)


@blp.post("/<int:token_id>/revoke")
@blp.response(200, PersonalTokenSchema)
def revoke_personal_token(token_id: int) -> PersonalTokenView:
    """Revoke a token. Repeating it does nothing."""
    return personal_tokens.revoke(current_developer(), token_id)
