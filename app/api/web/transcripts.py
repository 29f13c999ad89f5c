"""Agent transcripts, entry by entry."""

from typing import Any

from app.api import pagination
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.schemas.transcripts import TranscriptEntrySchema, TranscriptFilter
from app.services.logs import transcripts
from app.services.logs.transcripts import TranscriptPosition

blp = Blueprint("transcripts", __name__, url_prefix="/api/web/tasks", description="Transcripts")


@blp.get("/<int:task_id>/transcript")
@blp.arguments(TranscriptFilter, location="query")
@blp.response(200, pagination.cursor_page_schema(TranscriptEntrySchema))
def list_transcript(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """List what an attempt's agent did, in order: messages, commands, edits and so on."""
    cursor, order = query.pop("cursor"), f"transcript of task {task_id}"
    after = (
        None
        if cursor is None
        else TranscriptPosition(*map(int, pagination.decode_cursor(cursor, order)))
    )
    kinds = query.pop("kind")
    page = transcripts.read_page(current_developer(), task_id, kinds=kinds, after=after, **query)
    next_cursor = pagination.encode_cursor(page.following, order) if page.following else None
    return {"items": page.items, "next_cursor": next_cursor}
