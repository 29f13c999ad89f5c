"""The audit log. (The guard is on /api/admin.)"""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import cursor_page_schema, paginate_by_cursor
from app.api.schemas.audit import AuditEntrySchema, AuditFilter
from app.models import AuditEntry
from app.services import audit_log, audit_names

blp = Blueprint("audit", __name__, url_prefix="/api/admin/audit-logs", description="Audit log")


@blp.get("")
@blp.arguments(AuditFilter, location="query")
@blp.response(200, cursor_page_schema(AuditEntrySchema))
def list_entries(query: dict[str, Any]) -> dict[str, Any]:
    """List audit log entries that match all filters, newest first."""
    page = {name: query.pop(name) for name in ("limit", "cursor")}
    rows = audit_log.listing(current_developer(), **query)
    found = paginate_by_cursor(rows, AuditEntry.at, AuditEntry.id, **page)
    return {**found, "items": audit_names.add_names(found["items"])}
