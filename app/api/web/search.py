"""The search for tasks, machines and projects."""

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
    """Find tasks by the words of their descriptions, machines and projects by their names.

    A description has to contain every word, in any letter case, also as a part of a longer word.
    Words of one or two letters are searched for in the newest tasks only.
    """
    return search.find(current_developer(), query["q"], query["limit"])
