"""`muster activity`: recent events in the projects you can see."""

from muster.cli import fields, text_format
from muster.cli.output import Column, OutputSpec, column
from muster.cli.request_commands import list_command

ACTIVITY = OutputSpec(
    fields.ACTIVITY,
    (
        Column("AT", lambda event: text_format.format_clock(event.get("createdAt"))),
        column("TASK", "taskId", is_number=True),
        column("PROJECT", "projectKey"),
        column("TYPE"),
        column("MESSAGE", stretches=True),
    ),
    empty_message="No activity yet.",
)
activity = list_command(
    "activity",
    "/api/web/dashboard/recent-activity",
    "List recent activity in the projects you can see.",
    ACTIVITY,
    most=30,
)
