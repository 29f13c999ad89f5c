"""Chat deliveries: sent, queued, and dead. (The guard is on /api/admin.)"""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.deliveries import DeliveryFilter, DeliverySchema
from app.models import Delivery
from app.services.notify import deliveries
from app.services.notify.deliveries import NotDead

blp = Blueprint(
    "deliveries", __name__, url_prefix="/api/admin/deliveries", description="Chat deliveries"
)


@blp.get("")
@blp.arguments(DeliveryFilter, location="query")
@blp.response(200, cursor_page_schema(DeliverySchema))
def list_deliveries(query: dict[str, Any]) -> dict[str, Any]:
    """List chat deliveries, newest first; `?state=dead` lists those that Muster no longer tries."""
    filters = {name: query.pop(name) for name in ("state", "bot_id") if name in query}
    return paginate_by_cursor(
        deliveries.listing(current_developer(), **filters), Delivery.id, **query
    )


@blp.post("/<int:delivery_id>/retry")
@blp.response(200, DeliverySchema)
@problems(blp, NotDead)
def retry_delivery(delivery_id: int) -> Delivery:
    """Send a dead delivery again, as if it were new."""
    return deliveries.retry(current_developer(), delivery_id)
