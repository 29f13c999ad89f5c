"""`muster task`: what is done with tasks."""

import click

from muster.cli.lazy import LazyCommand, LazyGroup

SHOW, CREATE, ANSWER, RESULT, REVIEW = (
    "Look",
    "Make and end",
    "Answer",
    "What came of it",
    "Reviews",
)

COMMANDS = {
    "list": LazyCommand("task.show:list_", "Tasks, the newest first.", SHOW),
    "show": LazyCommand("task.show:show", "All that is known of a task.", SHOW),
    "why": LazyCommand(
        "task.show:why", "What a task waits for, and what keeps machines from it.", SHOW
    ),
    "watch": LazyCommand("task.watch:watch", "Follow what happens, until it ends or waits.", SHOW),
    "logs": LazyCommand("task.logs:logs", "What the terminal of a task has shown.", SHOW),
    "transcript": LazyCommand("task.logs:transcript", "What the agent has said and done.", SHOW),
    "events": LazyCommand("task.watch:events", "What has happened to a task, in order.", SHOW),
    "open": LazyCommand("task.show:open_", "Open a task in the browser.", SHOW),
    "create": LazyCommand("task.create:create", "Describe a task, and have it done.", CREATE),
    "cancel": LazyCommand("task.lifecycle:cancel", "End tasks that live.", CREATE),
    "retry": LazyCommand(
        "task.lifecycle:retry", "Try tasks again that failed or were cancelled.", CREATE
    ),
    "follow-up": LazyCommand(
        "task.lifecycle:follow_up", "Say what is to be done next on the work.", CREATE
    ),
    "follow-ups": LazyCommand(
        "task.lifecycle:follow_ups", "What is to be done next, and was.", CREATE
    ),
    "withdraw": LazyCommand(
        "task.lifecycle:withdraw", "Take back a follow-up that has not begun.", CREATE
    ),
    "confirm": LazyCommand("task.answers:confirm", "Say yes or no to what a task asks.", ANSWER),
    "choose": LazyCommand("task.answers:choose", "Choose among what a task offers.", ANSWER),
    "input": LazyCommand("task.answers:input_", "Answer in words of your own.", ANSWER),
    "dismiss": LazyCommand("task.lifecycle:dismiss", "Have a task's end need you no more.", ANSWER),
    "diff": LazyCommand("task.results:diff", "What a task has changed, as a patch.", RESULT),
    "file": LazyCommand("task.results:file", "A changed file as it is, or was.", RESULT),
    "evidence": LazyCommand(
        "task.results:evidence", "All that was said of a task, signed.", RESULT
    ),
    "recording": LazyCommand(
        "task.results:recording", "What the terminal showed, and when.", RESULT
    ),
    "workspace": LazyCommand(
        "task.results:workspace", "Where the work lies on its machine.", RESULT
    ),
    "tunnel": LazyCommand(
        "task.results:tunnel", "A way into the workspace: start, stop, status.", RESULT
    ),
    "inputs": LazyCommand("task.results:inputs", "Who has typed into the terminal.", RESULT),
    "review": LazyCommand("task.reviews:review", "Approve the work, or ask for changes.", REVIEW),
    "reviews": LazyCommand("task.reviews:reviews", "What was said of the work as a whole.", REVIEW),
    "comments": LazyCommand(
        "task.reviews:comments", "What was said of its lines and files.", REVIEW
    ),
    "comment": LazyCommand(
        "task.reviews:comment", "Say something of a line, a file or all of it.", REVIEW
    ),
    "edit-comment": LazyCommand("task.reviews:edit_comment", "Change a draft of yours.", REVIEW),
    "delete-comment": LazyCommand(
        "task.reviews:delete_comment", "Take back a draft of yours.", REVIEW
    ),
    "resolve": LazyCommand("task.reviews:resolve", "Be done with a thread.", REVIEW),
    "reopen": LazyCommand("task.reviews:reopen", "Take a thread up again.", REVIEW),
}


@click.group(cls=LazyGroup, nouns=COMMANDS)
def task() -> None:
    """What is to be done, what is done, and what came of it."""
