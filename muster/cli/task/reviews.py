"""What people say of a task's work."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import Column, OutputSpec, age_column, column, get_path, info, outputs
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
    empty_message="Nobody has reviewed it.",
)
SUBMITTED = OutputSpec(fields.SUBMITTED_REVIEW, id_field="followUp")
THREADS = OutputSpec(fields.REVIEW_THREAD, empty_message="Nothing was said.")
COMMENT = OutputSpec(fields.REVIEW_COMMENT)


@click.command
@task_argument
@click.option("--approve", "verdict", flag_value="approve", help="It is good; answers a gate.")
@click.option(
    "--request-changes",
    "verdict",
    flag_value="request_changes",
    help="It is not: a follow-up of your words begins.",
)
@click.option("--comment", "verdict", flag_value="comment", help="Only say something.")
@click.option("-b", "--body", metavar="TEXT", help="What; - from stdin, else your editor.")
@click.option("--commit", metavar="SHA", help="Only if that is what the work has come to.")
@pass_muster
@outputs(SUBMITTED)
def review(
    muster: Muster, number: int, verdict: str | None, body: str | None, commit: str | None
) -> tuple[dict[str, Any], Callable[[], None]]:
    """Approve the work, or ask for changes.

    Your drafts of comments are published with it.
    """
    if verdict is None:
        raise BadUsage("say which: --approve, --request-changes or --comment")
    needs_words = verdict != "approve" and body is None
    text = read_text(body, f"Your review of task {number}.") if body or needs_words else ""
    request = {"verdict": verdict, "body": text, **({"commit": commit} if commit else {})}
    made = muster.api.post(task_path(number, "reviews"), request, key=str(uuid.uuid4()))

    def print_review() -> None:
        also = ", and the question is answered" if made.get("answered") else ""
        info(f"Your review of task {number} is submitted{also}.")
        if made.get("followUp"):
            info(f"Follow-up {made['followUp']} is to do what you ask: muster task watch {number}")
        elif verdict == "request_changes":
            info("No follow-up could be made of it: there is no work to go on from, or a tunnel is")
            info(f"open, or enough wait already. See muster task show {number}")

    return made, print_review


reviews = list_command(
    "reviews", "/api/web/tasks/{task}/reviews", "What was said of the work as a whole.", REVIEWS
)


@click.command
@task_argument
@click.option("--state", type=click.Choice(["open", "resolved", "outdated"]))
@pass_muster
@outputs(THREADS)
def comments(
    muster: Muster, number: int, state: str | None
) -> tuple[Iterable[dict[str, Any]], Callable[[], None]]:
    """What was said of its lines and files."""
    threads = list(muster.api.items(task_path(number, "comments"), state=state))

    def print_threads() -> None:
        if not threads:
            info(THREADS.empty_message)
        for thread in threads:
            _print_thread(thread)

    return threads, print_threads


def _print_thread(thread: dict[str, Any]) -> None:
    position = thread.get("position") or {}
    where = text_format.one_line(position.get("path") or "all of it")
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
@click.option("-b", "--body", metavar="TEXT", help="What; - from stdin, else your editor.")
@click.option("--thread", "thread_id", type=int, help="In that thread; else in a new one.")
@click.option("--path", metavar="FILE", help="Of that file.")
@click.option("--line", type=int, help="Of that line of it.")
@click.option("--end-line", type=int, help="And all up to there.")
@click.option("--side", type=click.Choice(["old", "new"]), help="Before or after; else after.")
@click.option("--publish", is_flag=True, help="At once; else it is a draft until your review.")
@pass_muster
@outputs(COMMENT)
def comment(muster: Muster, number: int, body: str | None, publish: bool, **place: Any) -> Any:
    """Say something of a line, a file or all of it."""
    names = {"thread_id": "threadId", "end_line": "endLine"}
    comment_fields = {names.get(k, k): value for k, value in place.items() if value is not None}
    comment_fields["body"] = read_text(body, f"Your comment on task {number}.")
    if publish:
        comment_fields["publish"] = True
    made = muster.api.post(task_path(number, "comments"), comment_fields, key=str(uuid.uuid4()))
    what = "is published" if publish else f"is a draft: muster task review {number} publishes it"

    def print_created() -> None:
        info(f"Comment {made['id']} {what}.")

    return made, print_created


@click.command("edit-comment")
@task_argument
@click.argument("comment_id", metavar="COMMENT", type=int)
@click.option("-b", "--body", metavar="TEXT", help="What; - from stdin, else your editor.")
@pass_muster
@outputs(COMMENT)
def edit_comment(muster: Muster, number: int, comment_id: int, body: str | None) -> Any:
    """Change a draft of yours."""
    comment_fields = {"body": read_text(body, "Your comment.")}
    made = muster.api.put(task_path(number, "comments", comment_id), comment_fields)
    return made, lambda: info(f"Comment {comment_id} is changed.")


delete_comment = action_command(
    "delete-comment",
    "DELETE /api/web/tasks/{task}/comments/{comment}",
    "Take back a draft of yours.",
    None,
    done="Comment {comment} is gone.",
)
_THREAD = OutputSpec(fields.REVIEW_THREAD, (column("ID", "id"), column("RESOLVED", "resolvedAt")))
resolve = action_command(
    "resolve",
    "POST /api/web/tasks/{task}/threads/{thread}/resolve",
    "Be done with a thread.",
    _THREAD,
)
reopen = action_command(
    "reopen",
    "POST /api/web/tasks/{task}/threads/{thread}/reopen",
    "Take a thread up again.",
    _THREAD,
)
