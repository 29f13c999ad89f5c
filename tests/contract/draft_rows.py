"""Fills the lists of what people keep for later, for `test_query_counts`."""

from app.models import Developer
from tests.factories import make_draft, make_saved_view


def fill_drafts(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_draft(admin)
    return "/api/web/profile/drafts"


def fill_views(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_saved_view(admin)
    return "/api/web/profile/views"
