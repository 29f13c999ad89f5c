"""Reviews and comments on a task's work."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import (
    Column,
    OutputSpec,
    age_column,
    column,
    get_path,
    info,
    outputs,
    report_action,
)
from muster.cli.params import read_text, task_argument, task_path
from muster.cli.request_commands import action_command, list_command
from muster.cli.task.show import first_line

REVIEWS = OutputSpec(
    fields.REVIEW,
    (
        column("ID", "id", is_number=True),
        column("BY", "author.name"),
        column("VERDICT"),
        column("COMMENTS", is_number=True),
        Column("BODY", lambda review: first_line(review.get("body")), stretches=True),
        age_column("AGE", "submittedAt"),
    ),
    empty_message="No reviews.",
)
SUBMITTED = OutputSpec(fields.SUBMITTED_REVIEW, id_field="followUp")
THREADS = OutputSpec(fields.REVIEW_THREAD, empty_message="No comments.")
COMMENT = OutputSpec(fields.REVIEW_COMMENT)


@click.command
@task_argument
@click.option(
    "--approve", "verdict", flag_value="approve", help="Approve the work; answers an open gate."
)
@click.option(
    "--request-changes",
    "verdict",
    flag_value="request_changes",
    help="Request changes; starts a round with your comments.",
)
@click.option("--comment", "verdict", flag_value="comment", help="Comment without a verdict.")
@click.option("-b", "--body", metavar="TEXT", help="Review text; - for stdin (default: editor).")
@click.option("--commit", metavar="SHA", help="Only submit if the work is at this commit.")
@pass_muster
@outputs(SUBMITTED)
def review(
    muster: Muster, number: int, verdict: str | None, body: str | None, commit: str | None
) -> tuple[dict[str, Any], Callable[[], None]]:
    """Approve the work or request changes.

    Also publishes your draft comments.
    """
    if verdict is None:
        raise BadUsage("Give a verdict: --approve, --request-changes or --comment.")
    needs_words = verdict != "approve" and body is None
    text = read_text(body, f"Your review of task {number}.") if body or needs_words else ""
    request = {"verdict": verdict, "body": text, **({"commit": commit} if commit else {})}
    made = muster.api.post(task_path(number, "reviews"), request, key=str(uuid.uuid4()))

    text = f"Submitted your review of #{number}"
    text += " and answered the question" if made.get("answered") else ""
    if made.get("followUp"):
        text += f". Follow-up {made['followUp']} makes the changes: muster task watch {number}"
    elif verdict == "request_changes":
        text += (
            ". No follow-up started: there's no work to continue from, a tunnel is open, or too "
            f"many follow-ups are queued: muster task show {number}"
        )
    report_action(text if made.get("followUp") or verdict == "request_changes" else f"{text}.")
    return made, lambda: None


reviews = list_command("reviews", "/api/web/tasks/{task}/reviews", "List reviews.", REVIEWS)


@click.command
@task_argument
@click.option("--state", type=click.Choice(["open", "resolved", "outdated"]))
@pass_muster
@outputs(THREADS)
def comments(
    muster: Muster, number: int, state: str | None
) -> tuple[Iterable[dict[str, Any]], Callable[[], None]]:
    """List comments on lines and files."""
    threads = list(muster.api.items(task_path(number, "comments"), state=state))

    def print_threads() -> None:
        if not threads:
            info(THREADS.empty_message)
        for thread in threads:
            _print_thread(thread)

    return threads, print_threads


def _print_thread(thread: dict[str, Any]) -> None:
    position = thread.get("position") or {}
    where = text_format.one_line(position.get("path") or "whole change")
    where += f":{position['line']}" if position.get("line") else ""
    marks = " (outdated)" if position.get("outdated") else ""
    marks += " (resolved)" if thread.get("resolvedAt") else ""
    click.echo(click.style(f"thread {thread['id']}  {where}{marks}", bold=True))
    for line in get_path(thread, ["code", "lines"]) or []:
        click.echo(click.style(f"    │ {text_format.sanitize(line)}", dim=True))
    for thread_comment in thread.get("comments") or []:
        who = get_path(thread_comment, ["author", "name"]) or "the agent"
        draft = ", a draft" if thread_comment.get("draft") else ""
        click.echo(f"  {text_format.one_line(who)} ({thread_comment['id']}{draft}):")
        for line in text_format.sanitize(thread_comment.get("body")).splitlines():
            click.echo(f"    {line}")
    click.echo()


@click.command
@task_argument
@click.option("-b", "--body", metavar="TEXT", help="Comment text; - for stdin (default: editor).")
@click.option("--thread", "thread_id", type=int, help="Thread to reply to (default: a new one).")
@click.option("--path", metavar="FILE", help="File to comment on.")
@click.option("--line", type=int, help="Line to comment on.")
@click.option("--end-line", type=int, help="Last line, for a comment on several lines.")
@click.option("--side", type=click.Choice(["old", "new"]), help="Side of the diff (default: new).")
@click.option("--publish", is_flag=True, help="Publish now (default: save it as a draft).")
@pass_muster
@outputs(COMMENT)
def comment(muster: Muster, number: int, body: str | None, publish: bool, **place: Any) -> Any:
    """Comment on a line, a file or the whole change."""
    names = {"thread_id": "threadId", "end_line": "endLine"}
    comment_fields = {names.get(k, k): value for k, value in place.items() if value is not None}
    comment_fields["body"] = read_text(body, f"Your comment on task {number}.")
    if publish:
        comment_fields["publish"] = True
    made = muster.api.post(task_path(number, "comments"), comment_fields, key=str(uuid.uuid4()))
    what = "is published" if publish else f"is a draft: muster task review {number} publishes it"
    report_action(f"Comment {made['id']} {what}.")
    return made, lambda: None


@click.command("edit-comment")
@task_argument
@click.argument("comment_id", metavar="COMMENT", type=int)
@click.option("-b", "--body", metavar="TEXT", help="Comment text; - for stdin (default: editor).")
@pass_muster
@outputs(COMMENT)
def edit_comment(muster: Muster, number: int, comment_id: int, body: str | None) -> Any:
    """Edit a draft comment."""
    comment_fields = {"body": read_text(body, "Your comment.")}
    made = muster.api.put(task_path(number, "comments", comment_id), comment_fields)
    report_action(f"Updated comment {comment_id}.")
    return made, lambda: None


delete_comment = action_command(
    "delete-comment",
    "DELETE /api/web/tasks/{task}/comments/{comment}",
    "Delete a draft comment.",
    None,
    done="Deleted comment {comment}.",
)
_THREAD = OutputSpec(fields.REVIEW_THREAD, (column("ID", "id"), column("RESOLVED", "resolvedAt")))
resolve = action_command(
    "resolve",
    "POST /api/web/tasks/{task}/threads/{thread}/resolve",
    "Resolve a thread.",
    _THREAD,
    done="Resolved thread {thread} of #{task}.",
)
reopen = action_command(
    "reopen",
    "POST /api/web/tasks/{task}/threads/{thread}/reopen",
    "Reopen a thread.",
    _THREAD,
    done="Reopened thread {thread} of #{task}.",
)
