"""What has happened lately, in all projects that one sees."""

from muster.cli import fields, text_format
from muster.cli.output import Column, Printed, column
from muster.cli.request_commands import listing

ACTIVITY = Printed(
    fields.ACTIVITY,
    (
        Column("AT", lambda event: text_format.clock(event.get("createdAt"))),
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
