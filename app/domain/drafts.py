"""Saved items of people: task drafts, list views, and description templates."""

MAX_DRAFTS = 50
"""Maximum drafts per developer."""

MAX_VIEWS = 50
"""Maximum views per developer."""

MAX_VIEW_NAME = 60
"""Maximum characters in a view's name."""

MAX_QUERY = 2_000
"""Maximum characters in a view's filters."""

MAX_TEMPLATES = 20
"""Maximum templates per project."""

MAX_DESCRIPTION = 20_000
"""Maximum characters in a task's description, and so in drafts and templates."""
