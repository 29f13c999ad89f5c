"""`muster task`: create, watch, answer and review tasks."""

import click

from muster.cli.lazy import LazyCommand, LazyGroup

SHOW, CREATE, ANSWER, RESULT, REVIEW = (
    "View",
    "Create and change",
    "Answer",
    "Results",
    "Reviews",
)

COMMANDS = {
    "list": LazyCommand("task.show:list_", "List tasks, newest first.", SHOW),
    "show": LazyCommand("task.show:show", "Show a task's details.", SHOW),
    "why": LazyCommand(
        "task.show:why", "Show why a task waits, and what blocks each machine.", SHOW
    ),
    "watch": LazyCommand(
        "task.watch:watch", "Follow a task until it ends or waits for an answer.", SHOW
    ),
    "logs": LazyCommand("task.logs:logs", "Show a task's terminal output.", SHOW),
    "transcript": LazyCommand("task.logs:transcript", "Show what the agent said and did.", SHOW),
    "events": LazyCommand("task.watch:events", "List a task's events in order.", SHOW),
    "open": LazyCommand("task.show:open_", "Open a task in the browser.", SHOW),
    "create": LazyCommand("task.create:create", "Create a task.", CREATE),
    "cancel": LazyCommand("task.lifecycle:cancel", "Cancel active tasks.", CREATE),
    "retry": LazyCommand("task.lifecycle:retry", "Retry failed or cancelled tasks.", CREATE),
    "follow-up": LazyCommand(
        "task.lifecycle:follow_up", "Follow up on a task with new instructions.", CREATE
    ),
    "follow-ups": LazyCommand("task.lifecycle:follow_ups", "List a task's follow-ups.", CREATE),
    "send-back": LazyCommand(
        "task.lifecycle:send_back", "Send a failed check back to the agent before it.", CREATE
    ),
    "withdraw": LazyCommand(
        "task.lifecycle:withdraw", "Withdraw a follow-up that hasn't started.", CREATE
    ),
    "message": LazyCommand("task.messages:message", "Send a message to a task's agent.", CREATE),
    "messages": LazyCommand("task.messages:messages", "List messages to a task's agent.", CREATE),
    "withdraw-message": LazyCommand(
        "task.messages:withdraw_message",
        "Withdraw a message that hasn't been sent to an agent.",
        CREATE,
    ),
    "interrupt": LazyCommand(
        "task.messages:interrupt",
        "Stop what a task's agent does; it then asks what to do instead.",
        CREATE,
    ),
    "confirm": LazyCommand(
        "task.answers:confirm", "Answer a task's question with yes or no.", ANSWER
    ),
    "choose": LazyCommand(
        "task.answers:choose", "Answer a task's question with one of its choices.", ANSWER
    ),
    "input": LazyCommand("task.answers:input_", "Answer a task's question with text.", ANSWER),
    "dismiss": LazyCommand(
        "task.lifecycle:dismiss", "Dismiss a finished task from your inbox.", ANSWER
    ),
    "diff": LazyCommand("task.results:diff", "Show a task's changes as a patch.", RESULT),
    "file": LazyCommand(
        "task.results:file", "Print a changed file, after or before the change.", RESULT
    ),
    "evidence": LazyCommand("task.results:evidence", "Download a task's signed evidence.", RESULT),
    "recording": LazyCommand("task.results:recording", "Download a terminal recording.", RESULT),
    "workspace": LazyCommand(
        "task.results:workspace", "Show a task's workspace on its machine.", RESULT
    ),
    "tunnel": LazyCommand(
        "task.results:tunnel", "Start, stop or check a tunnel to the workspace.", RESULT
    ),
    "inputs": LazyCommand("task.results:inputs", "List who typed into the terminal.", RESULT),
    "review": LazyCommand("task.reviews:review", "Approve the work or request changes.", REVIEW),
    "reviews": LazyCommand("task.reviews:reviews", "List reviews.", REVIEW),
    "comments": LazyCommand("task.reviews:comments", "List comments on lines and files.", REVIEW),
    "comment": LazyCommand(
        "task.reviews:comment", "Comment on a line, a file or the whole change.", REVIEW
    ),
    "edit-comment": LazyCommand("task.reviews:edit_comment", "Edit a draft comment.", REVIEW),
    "delete-comment": LazyCommand("task.reviews:delete_comment", "Delete a draft comment.", REVIEW),
    "resolve": LazyCommand("task.reviews:resolve", "Resolve a thread.", REVIEW),
    "reopen": LazyCommand("task.reviews:reopen", "Reopen a thread.", REVIEW),
}


@click.group(cls=LazyGroup, nouns=COMMANDS)
def task() -> None:
    """Create, watch, answer and review tasks."""
