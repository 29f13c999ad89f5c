"""Enrollment tokens. Each enrolls one machine."""

from dataclasses import replace
from typing import Any

from app.api import worker_install
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.tokens import (
    CreatedTokenSchema,
    EnrollmentTokenSchema,
    NewEnrollmentToken,
    TokenStatusSchema,
)
from app.domain.errors import SessionRequired
from app.models import EnrollmentToken
from app.services.machines import enrollment_tokens
from app.services.machines.enrollment_tokens import EnrollmentTokenView

blp = Blueprint(
    "worker-tokens",
    __name__,
    url_prefix="/api/admin/worker-tokens",
    description="Enrollment tokens",
)


@blp.get("")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(EnrollmentTokenSchema))
def list_worker_tokens(query: dict[str, Any]) -> dict[str, Any]:
    """List all enrollment tokens, newest first, without the secrets."""
    rows = enrollment_tokens.listing(current_developer())
    page = paginate_by_cursor(rows, EnrollmentToken.id, **query)
    return {**page, "items": [enrollment_tokens.view(token) for token in page["items"]]}


@blp.post("")
@blp.arguments(NewEnrollmentToken)
@blp.response(201, CreatedTokenSchema)
@problems(blp, SessionRequired)
def create_worker_token(body: dict[str, Any]) -> EnrollmentTokenView:
    """Create an enrollment token. It's shown only here. Not with a personal access token."""
    made = enrollment_tokens.create(current_developer(), **body)
    return replace(made, install_line=worker_install.install_command(str(made.secret)))


@blp.post("/<int:token_id>/revoke")
@blp.response(200, EnrollmentTokenSchema)
def revoke_worker_token(token_id: int) -> EnrollmentTokenView:
    """Revoke an enrollment token. A machine that enrolled with it stays."""
    return enrollment_tokens.revoke(current_developer(), token_id)


@blp.get("/<int:token_id>/status")
@blp.response(200, TokenStatusSchema)
def get_worker_token_status(token_id: int) -> EnrollmentTokenView:
    """Get the enrollment progress of the token's machine, and the agents found there."""
    return enrollment_tokens.get(current_developer(), token_id)
