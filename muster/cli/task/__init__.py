"""`muster task`: what is done with tasks."""

import click

from muster.cli.lazy import Noun, Nouns

LOOK, MAKE, ANSWER, RESULT, ROUND = "Look", "Make and end", "Answer", "What came of it", "Reviews"

VERBS = {
    "list": Noun("task.show:list_", "Tasks, the newest first.", LOOK),
    "show": Noun("task.show:show", "All that is known of a task.", LOOK),
    "why": Noun("task.show:why", "What a task waits for, and what keeps machines from it.", LOOK),
    "watch": Noun("task.watch:watch", "Follow what happens, until it ends or waits.", LOOK),
    "logs": Noun("task.logs:logs", "What the terminal of a task has shown.", LOOK),
    "transcript": Noun("task.logs:transcript", "What the agent has said and done.", LOOK),
    "events": Noun("task.watch:events", "What has happened to a task, in order.", LOOK),
    "open": Noun("task.show:open_", "Open a task in the browser.", LOOK),
    "create": Noun("task.create:create", "Describe a task, and have it done.", MAKE),
    "cancel": Noun("task.lifecycle:cancel", "End tasks that live.", MAKE),
    "retry": Noun("task.lifecycle:retry", "Try tasks again that failed or were cancelled.", MAKE),
    "follow-up": Noun("task.lifecycle:follow_up", "Say what is to be done next on the work.", MAKE),
    "follow-ups": Noun("task.lifecycle:follow_ups", "What is to be done next, and was.", MAKE),
    "withdraw": Noun("task.lifecycle:withdraw", "Take back a follow-up that has not begun.", MAKE),
    "confirm": Noun("task.answers:confirm", "Say yes or no to what a task asks.", ANSWER),
    "choose": Noun("task.answers:choose", "Choose among what a task offers.", ANSWER),
    "input": Noun("task.answers:input_", "Answer in words of your own.", ANSWER),
    "seen": Noun("task.lifecycle:seen", "Have a task's end need you no more.", ANSWER),
    "diff": Noun("task.results:diff", "What a task has changed, as a patch.", RESULT),
    "file": Noun("task.results:file", "A changed file as it is, or was.", RESULT),
    "evidence": Noun("task.results:evidence", "All that was said of a task, signed.", RESULT),
    "recording": Noun("task.results:recording", "What the terminal showed, and when.", RESULT),
    "workspace": Noun("task.results:workspace", "Where the work lies on its machine.", RESULT),
    "tunnel": Noun("task.results:tunnel", "A way into the workspace: start, stop, status.", RESULT),
    "typed": Noun("task.results:typed", "Who has typed into the terminal.", RESULT),
    "review": Noun("task.reviews:review", "Approve the work, or ask for changes.", ROUND),
    "reviews": Noun("task.reviews:reviews", "What was said of the work as a whole.", ROUND),
    "comments": Noun("task.reviews:comments", "What was said of its lines and files.", ROUND),
    "comment": Noun("task.reviews:comment", "Say something of a line, a file or all of it.", ROUND),
    "edit-comment": Noun("task.reviews:edit_comment", "Change a draft of yours.", ROUND),
    "delete-comment": Noun("task.reviews:delete_comment", "Take back a draft of yours.", ROUND),
    "resolve": Noun("task.reviews:resolve", "Be done with a thread.", ROUND),
    "reopen": Noun("task.reviews:reopen", "Take a thread up again.", ROUND),
}


@click.group(cls=Nouns, nouns=VERBS)
def task() -> None:
    """What is to be done, what is done, and what came of it."""
