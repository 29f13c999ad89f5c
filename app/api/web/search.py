"""Search for tasks, machines and projects."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.schemas.search import SearchQuery, SearchResultsSchema
from app.services.search import search
from app.services.search.search import SearchResult

blp = Blueprint("search", __name__, url_prefix="/api/web/search", description="Search")


@blp.get("")
@blp.arguments(SearchQuery, location="query")
@blp.response(200, SearchResultsSchema)
def search_all(query: dict[str, Any]) -> SearchResult:
    """Find tasks by words in their descriptions, machines and projects by their names.

    A description must contain every word, ignoring case, also within a longer word. Words of one or
    two letters are searched only in the newest tasks.
    """
    return search.find(current_developer(), query["q"], query["limit"])
