"""What people keep for later: drafts of tasks, views of lists, and templates of descriptions."""

MOST_DRAFTS = 50
"""Of one developer."""

MOST_VIEWS = 50
"""Of one developer."""

LONGEST_VIEW = 60
"""Characters of a view's name."""

LONGEST_QUERY = 2_000
"""Characters of the filters that a view keeps."""

MOST_TEMPLATES = 20
"""Of one project."""

LONGEST_DESCRIPTION = 20_000
"""Characters of a task's description, and so of a draft's and a template's."""
