"""Search for tasks, machines and projects."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.schemas.search import SearchQuery, SearchResultsSchema
from app.api.schemas.task_lists import TaskListItem
from app.services.dispatch import list_summaries
from app.services.search import search

blp = Blueprint("search", __name__, url_prefix="/api/web/search", description="Search")


@blp.get("")
@blp.arguments(SearchQuery, location="query")
@blp.response(200, SearchResultsSchema)
def search_all(query: dict[str, Any]) -> dict[str, Any]:
    """Find tasks by words in their descriptions, machines and projects by their names.

    A description must contain every word, ignoring case, also within a longer word. Words of one or
    two letters are searched only in the newest tasks.
    """
    actor = current_developer()
    found = search.find(actor, query["q"], query["limit"])
    summaries = list_summaries.summarize_tasks(actor, found.tasks, with_queue=False)
    tasks = [TaskListItem(task, summaries[task.id]) for task in found.tasks]
    return {**vars(found), "tasks": tasks}
