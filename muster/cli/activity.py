"""What has happened lately, in all projects that one sees."""

from muster.cli import fields, words
from muster.cli.output import Column, Printed, column
from muster.cli.verbs import listing

ACTIVITY = Printed(
    fields.ACTIVITY,
    (
        Column("AT", lambda event: words.clock(event.get("createdAt"))),
        column("TASK", "taskId", is_number=True),
        column("PROJECT", "projectKey"),
        column("TYPE"),
        column("MESSAGE", stretches=True),
    ),
    nothing="Nothing has happened yet.",
)
activity = listing(
    "activity",
    "/api/web/dashboard/recent-activity",
    "What has happened lately, in all that you see.",
    ACTIVITY,
    most=30,
)
