"""Saved items of people: task drafts, list views, and description templates."""

MAX_DRAFTS = 50
"""Per developer."""

MAX_VIEWS = 50
"""Per developer."""

MAX_VIEW_NAME = 60
"""Characters of a view's name."""

MAX_QUERY = 2_000
"""Characters of a view's filters."""

MAX_TEMPLATES = 20
"""Per project."""

MAX_DESCRIPTION = 20_000
"""Characters of a task's description, and so of drafts and templates."""
