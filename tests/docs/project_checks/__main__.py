"""Write docs/project-checks.md."""

from tests.docs.project_checks import page

page.PATH.write_text(page.render())
