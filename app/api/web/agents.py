"""Agents: the types that machines have."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.pagination import OffsetQuery, offset_page_schema, paginate_by_offset
from app.api.schemas.agents import AgentSchema
from app.services.clock import now
from app.services.projects import agents

blp = Blueprint("agents", __name__, url_prefix="/api/web/agents", description="Agents")


@blp.get("")
@blp.arguments(OffsetQuery, location="query")
@blp.response(200, offset_page_schema(AgentSchema))
def list_agents(query: dict[str, int]) -> dict[str, Any]:
    """List the agent types that tasks can request, by name, and how many machines have each."""
    found = agents.listing(now())
    start = query["offset"]
    return paginate_by_offset(found[start : start + query["limit"]], len(found), **query)
