"""What people say of a task's work."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import Column, Printed, aged, column, dig, prints, say
from muster.cli.params import a_task, a_text, path_of
from muster.cli.request_commands import act, listing
from muster.cli.task.show import first_line

REVIEWS = Printed(
    fields.REVIEW,
    (
        column("ID", "id", is_number=True),
        column("BY", "author.name"),
        column("VERDICT"),
        column("COMMENTS", is_number=True),
        Column("SAYS", lambda review: first_line(review.get("body")), stretches=True),
        aged("AGE", "submittedAt"),
    ),
    nothing="Nobody has reviewed it.",
)
SUBMITTED = Printed(fields.SUBMITTED_REVIEW, id="followUp")
THREADS = Printed(fields.REVIEW_THREAD, nothing="Nothing was said.")
COMMENT = Printed(fields.REVIEW_COMMENT)


@click.command
@a_task
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
@prints(SUBMITTED)
def review(
    muster: Muster, number: int, verdict: str | None, body: str | None, commit: str | None
) -> tuple[dict[str, Any], Callable[[], None]]:
    """Approve the work, or ask for changes.

    Your drafts of comments are published with it.
    """
    if verdict is None:
        raise BadUsage("say which: --approve, --request-changes or --comment")
    needs_words = verdict != "approve" and body is None
    said = a_text(body, f"Your review of task {number}.") if body or needs_words else ""
    asked = {"verdict": verdict, "body": said, **({"commit": commit} if commit else {})}
    made = muster.api.post(path_of(number, "reviews"), asked, key=str(uuid.uuid4()))

    def tell() -> None:
        also = ", and the question is answered" if made.get("answered") else ""
        say(f"Your review of task {number} is submitted{also}.")
        if made.get("followUp"):
            say(f"Follow-up {made['followUp']} is to do what you ask: muster task watch {number}")
        elif verdict == "request_changes":
            say("No follow-up could be made of it: there is no work to go on from, or a tunnel is")
            say(f"open, or enough wait already. See muster task show {number}")

    return made, tell


reviews = listing(
    "reviews", "/api/web/tasks/{task}/reviews", "What was said of the work as a whole.", REVIEWS
)


@click.command
@a_task
@click.option("--state", type=click.Choice(["open", "resolved", "outdated"]))
@pass_muster
@prints(THREADS)
def comments(
    muster: Muster, number: int, state: str | None
) -> tuple[Iterable[dict[str, Any]], Callable[[], None]]:
    """What was said of its lines and files."""
    threads = list(muster.api.items(path_of(number, "comments"), state=state))

    def tell() -> None:
        if not threads:
            say(THREADS.nothing)
        for thread in threads:
            _thread(thread)

    return threads, tell


def _thread(thread: dict[str, Any]) -> None:
    place = thread.get("place") or {}
    where = text_format.one_line(place.get("path") or "all of it")
    where += f":{place['line']}" if place.get("line") else ""
    marks = " (outdated)" if place.get("outdated") else ""
    marks += " (resolved)" if thread.get("resolvedAt") else ""
    click.echo(click.style(f"thread {thread['id']}  {where}{marks}", bold=True))
    for line in dig(thread, ["code", "lines"]) or []:
        click.echo(click.style(f"    │ {text_format.plain(line)}", dim=True))
    for said in thread.get("comments") or []:
        who = dig(said, ["author", "name"]) or "the agent"
        draft = ", a draft" if said.get("draft") else ""
        click.echo(f"  {text_format.one_line(who)} ({said['id']}{draft}):")
        for line in text_format.plain(said.get("body")).splitlines():
            click.echo(f"    {line}")
    click.echo()


@click.command
@a_task
@click.option("-b", "--body", metavar="TEXT", help="What; - from stdin, else your editor.")
@click.option("--thread", "thread_id", type=int, help="In that thread; else in a new one.")
@click.option("--path", metavar="FILE", help="Of that file.")
@click.option("--line", type=int, help="Of that line of it.")
@click.option("--end-line", type=int, help="And all up to there.")
@click.option("--side", type=click.Choice(["old", "new"]), help="Before or after; else after.")
@click.option("--publish", is_flag=True, help="At once; else it is a draft until your review.")
@pass_muster
@prints(COMMENT)
def comment(muster: Muster, number: int, body: str | None, publish: bool, **place: Any) -> Any:
    """Say something of a line, a file or all of it."""
    names = {"thread_id": "threadId", "end_line": "endLine"}
    said = {names.get(k, k): value for k, value in place.items() if value is not None}
    said["body"] = a_text(body, f"Your comment on task {number}.")
    if publish:
        said["publish"] = True
    made = muster.api.post(path_of(number, "comments"), said, key=str(uuid.uuid4()))
    what = "is published" if publish else f"is a draft: muster task review {number} publishes it"

    def tell() -> None:
        say(f"Comment {made['id']} {what}.")

    return made, tell


@click.command("edit-comment")
@a_task
@click.argument("comment_id", metavar="COMMENT", type=int)
@click.option("-b", "--body", metavar="TEXT", help="What; - from stdin, else your editor.")
@pass_muster
@prints(COMMENT)
def edit_comment(muster: Muster, number: int, comment_id: int, body: str | None) -> Any:
    """Change a draft of yours."""
    said = {"body": a_text(body, "Your comment.")}
    made = muster.api.put(path_of(number, "comments", comment_id), said)
    return made, lambda: say(f"Comment {comment_id} is changed.")


delete_comment = act(
    "delete-comment",
    "DELETE /api/web/tasks/{task}/comments/{comment}",
    "Take back a draft of yours.",
    None,
    done="Comment {comment} is gone.",
)
_THREAD = Printed(fields.REVIEW_THREAD, (column("ID", "id"), column("RESOLVED", "resolvedAt")))
resolve = act(
    "resolve",
    "POST /api/web/tasks/{task}/threads/{thread}/resolve",
    "Be done with a thread.",
    _THREAD,
)
reopen = act(
    "reopen",
    "POST /api/web/tasks/{task}/threads/{thread}/reopen",
    "Take a thread up again.",
    _THREAD,
)
