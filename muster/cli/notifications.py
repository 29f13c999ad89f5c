"""`muster notifications`: list, watch and configure them."""

from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, OutputSpec, age_column, column, info, outputs, report_action
from muster.cli.request_commands import action_command

NOTIFICATIONS = OutputSpec(
    fields.NOTIFICATION,
    (
        column("ID", "id", is_number=True),
        Column("", lambda item: "" if item.get("readAt") else "new"),
        column("TYPE"),
        column("TASK", "taskId", is_number=True),
        column("TITLE", stretches=True),
        age_column("AGE", "createdAt"),
    ),
    empty_message="No new notifications. Include read ones: muster notifications list --all",
)


@click.group
def notifications() -> None:
    """List and manage your notifications."""


@notifications.command("list")
@click.option("--all", "also_read", is_flag=True, help="Include read notifications.")
@click.option(
    "-n", "--limit", default=50, type=click.IntRange(min=0), help="Maximum results; 0 for all."
)
@pass_muster
@outputs(NOTIFICATIONS)
def list_(muster: Muster, also_read: bool, limit: int) -> Any:
    """List new notifications."""
    return muster.api.items("/api/web/notifications", limit, unread=None if also_read else True)


@notifications.command
@click.argument("numbers", metavar="[ID…]", type=int, nargs=-1)
@click.option("--all", "all_of_them", is_flag=True, help="Mark all notifications.")
@click.option("--undo", is_flag=True, help="Mark as unread.")
@pass_muster
def read(muster: Muster, numbers: tuple[int, ...], all_of_them: bool, undo: bool) -> None:
    """Mark notifications as read."""
    if all_of_them:
        updated = muster.api.post("/api/web/notifications/read-all")["updated"]
    elif undo:
        body = {"ids": list(numbers)}
        updated = muster.api.post("/api/web/notifications/unread", body)["updated"]
    else:
        for number in numbers:
            muster.api.post(f"/api/web/notifications/{number}/read")
        updated = len(numbers)
    report_action(f"Marked {updated} as {'unread' if undo else 'read'}.")


@notifications.command
@click.option("--tasks", is_flag=True, help="Also print events of all tasks you can see.")
@pass_muster
def watch(muster: Muster, tasks: bool) -> None:
    """Print notifications as they arrive, until you press Ctrl-C."""
    is_first = True
    for event in muster.api.events("/api/web/stream"):
        if is_first:
            info("Waiting for new notifications. Press Ctrl-C to stop.")
            is_first = False
        if event.name != "update":
            continue
        for item in event.data.get("notifications") or []:
            title = click.style(text_format.one_line(item.get("title")), bold=True)
            click.echo(f"{text_format.format_clock(item.get('createdAt'))}  {title}")
            click.echo(f"          {text_format.one_line(item.get('body'))}")
        for task_event in (event.data.get("events") or []) if tasks else []:
            about = (
                f"#{task_event.get('taskId')} {text_format.one_line(task_event.get('projectKey'))}"
            )
            message = text_format.one_line(task_event.get("message"))
            click.echo(
                f"{text_format.format_clock(task_event.get('createdAt'))}  {about}  {message}"
            )


PREFERENCES = OutputSpec(fields.PREFERENCES, id_field="gateOpened")
notifications.add_command(
    action_command(
        "set-preferences",
        "PUT /api/web/profile/notifications",
        "Choose your notifications and where to get them: -F taskFailed='{\"chat\": false}'.",
        PREFERENCES,
        free=True,
        done="Changed your notification preferences.",
    )
)


@notifications.command
@pass_muster
@outputs(PREFERENCES)
def preferences(muster: Muster) -> Any:
    """Show your notification preferences."""
    from muster.cli.output import print_facts

    chosen = muster.api.get("/api/web/profile/notifications")

    def print_preferences() -> None:
        print_facts(
            (name, _choice_text(chosen[name])) for name in fields.PREFERENCES if chosen.get(name)
        )

    return chosen, print_preferences


def _choice_text(choice: dict[str, Any]) -> str:
    where = [name for field, name in (("inApp", "in-app"), ("chat", "chat")) if choice.get(field)]
    of = "all tasks in your projects" if choice.get("scope") == "projects" else "your own tasks"
    return f"{' and '.join(where)}, for {of}" if where else "off"
