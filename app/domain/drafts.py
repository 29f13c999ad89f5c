"""What people keep for later: drafts of tasks, views of lists, and templates of descriptions."""

MAX_DRAFTS = 50
"""Of one developer."""

MAX_VIEWS = 50
"""Of one developer."""

MAX_VIEW_NAME = 60
"""Characters of a view's name."""

MAX_QUERY = 2_000
"""Characters of the filters that a view keeps."""

MAX_TEMPLATES = 20
"""Of one project."""

MAX_DESCRIPTION = 20_000
"""Characters of a task's description, and so of a draft's and a template's."""
