"""What each panel shows of a task in each state: states by panels.

A cell is empty if the panel shows the task as the API has it. Otherwise it has the reason why the
panel isn't compared in that state.
"""

from collections.abc import Mapping

PANELS = (
    "header",  # the status on the task's page
    "strip",  # its stages, on that page
    "card",  # its open question, on that page
    "messages",  # to its agent, on that page
    "review",  # beside its diff
    "row",  # in the table of tasks
    "inbox",
    "sidebar",  # what runs, beside the inbox
    "machine",  # on the page of the machine that has its latest attempt
)

_NO_ATTEMPT = "it has no attempt, so it's on no machine"
_NO_DIFF = "no stage has finished, so the diff has no review"

# By state: the panels that aren't compared, with the reason.
CELLS: Mapping[str, Mapping[str, str]] = {
    "queued": {"machine": _NO_ATTEMPT, "review": _NO_DIFF},
    "assigned": {"review": _NO_DIFF},
    "running": {"review": _NO_DIFF},
    "queued: message, waiting": {"machine": _NO_ATTEMPT, "review": _NO_DIFF},
    "running: message, waiting": {"review": _NO_DIFF},
    "running: message, delivered": {"review": _NO_DIFF},
    "cancelled: message, returned": {"machine": _NO_ATTEMPT, "review": _NO_DIFF},
    "cancelled: message, unconfirmed": {"review": _NO_DIFF},
    "suspended: gate, confirm": {},
    "suspended: gate, choices": {},
    "suspended: gate, input": {},
    "suspended: gate, branch": {},
    "suspended: gate, checkpoint": {},
    "suspended: question": {"review": _NO_DIFF},
    "suspended: question, permission": {"review": _NO_DIFF},
    "suspended: budget": {"review": _NO_DIFF},
    "suspended: quota": {"review": _NO_DIFF},
    "suspended: machine_lost": {},
    "draining": {},
    "answered": {},
    "rejected": {},
    "withdrawn": {},
    "completed": {},
    "failed": {"review": _NO_DIFF},
    "archived, suspended": {},
    "archived, completed": {},
    "cancelled": {"machine": _NO_ATTEMPT, "review": _NO_DIFF},
}

# Places that show a task, and are no panels of this table, with the reason.
WITHOUT_COLUMN: Mapping[str, str] = {
    "palette": "its hits are fetched while you type",
    "notifications": "tests/app/services/notify has when they are read",
    "transcript, terminal, log, recording, events": "they show what happened, as it happens",
    "usage, workspace": "they show what the agent uses and has, in any state",
    "slots of a machine": "they have the tasks of the machine's page",
}
