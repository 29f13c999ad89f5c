"""When a follow-up begins, and in which words agents are told of it."""

import pytest

from app.domain import follow_up
from app.domain.follow_up import ChangedFile, Thread
from app.domain.task import TaskStatus

# The task's status, whether a question before a stage is open; may a person's begin, and may one
# that waited begin by itself.
RESTS = """
    status     gate  person  itself
    queued     .     .       .
    queued     open  yes     yes
    assigned   .     .       .
    running    .     .       .
    suspended  .     .       .
    suspended  open  yes     yes
    completed  .     yes     yes
    failed     .     yes     .
    cancelled  .     yes     .
"""
ROWS = [line.split() for line in RESTS.strip().splitlines()[1:]]


@pytest.mark.parametrize(("status", "gate", "person", "itself"), ROWS, ids=[r[0] for r in ROWS])
def test_a_follow_up_begins_where_its_task_rests(status: str, gate: str, person: str, itself: str):
    now = TaskStatus(status)
    assert follow_up.can_start_now(now, at_gate=gate == "open") is (person == "yes")
    assert follow_up.can_start_automatically(now, at_gate=gate == "open") is (itself == "yes")


@pytest.mark.parametrize(("start", "indexes"), [(0, ["-1"]), (2, ["-1", "0", "1"])])
def test_whatever_is_done_again_before_its_stage_goes_on_from_the_same(
    start: int, indexes: list[str]
):
    made = follow_up.seed_checkpoints({"ref": "r", "commit": "c"}, start)
    assert made == {index: {"ref": "r", "commit": "c"} for index in indexes}


# A stage's command as it is filled, whether that says what is to be done, and the review.
PROMPTS = [
    ("Do it.", True, "", "Do it."),
    ("Plan: Do it.", True, "Thread 1", "Plan: Do it.\n\nThread 1"),
    ("Lint.", False, "", "Do it.\n\nLint."),
    ("Lint.", False, "Thread 1", "Do it.\n\nLint.\n\nThread 1"),
]


@pytest.mark.parametrize(("filled", "says_it", "review", "expected"), PROMPTS)
def test_an_agent_is_told_what_is_to_be_done_once(
    filled: str, says_it: bool, review: str, expected: str
):
    assert follow_up.build_prompt(filled, "Do it.", review, says_it=says_it) == expected


@pytest.mark.parametrize(
    ("command", "says_it"),
    [("{description}", True), ("x {instruction} y", True), ("Lint {branch}", False)],
)
def test_a_command_that_has_a_place_for_it_says_it(command: str, says_it: bool):
    assert follow_up.has_placeholder(command) is says_it


def test_the_history_has_the_task_the_rounds_and_the_files_in_short():
    files = [ChangedFile("a b.py", 3, 1), ChangedFile("logo.png")]
    history = follow_up.format_history("Make it.\nFast.", [(2, "Faster.")], files)
    assert "> Make it.\n> Fast." in history
    assert "in round 2:\n\n> Faster." in history
    assert "- a b.py (+3 -1)\n- logo.png" in history
    assert history.endswith("Your task now:")


def test_a_history_stays_short_whatever_there_was():
    many = [(number, "x" * 20_000) for number in range(2, 200)]
    files = [ChangedFile(f"{number}.py", 1, 1) for number in range(5_000)]
    history = follow_up.format_history("y" * 20_000, many, files)
    assert len(history) < 25_000
    assert "- and more" in history
    assert "in round 199:" in history
    assert "in round 2:" not in history


def test_a_transcript_begins_with_the_follow_up_in_one_line():
    assert follow_up.transcript_heading(2, "Rename it,\n  please.") == (
        "Follow-up, round 2: Rename it, please."
    )
    assert len(follow_up.transcript_heading(2, "x" * 20_000)) < 200


def test_a_review_is_told_thread_by_thread_with_ids_and_code():
    text = follow_up.format_review(
        [
            Thread(5, "about a.py, line 3", ["def f():", "    x"], 2, [("Ada", "Why?\nSay.")]),
            Thread(6, "about the whole", comments=[("Ada", "Good."), ("agent", "Thanks.")]),
        ]
    )
    assert "`reply_comment`" in text
    assert (
        "Thread 5, about a.py, line 3:\n        2  def f():\n        3      x\n> Ada: Why?\n> Say."
    ) in text
    assert text.endswith("Thread 6, about the whole:\n> Ada: Good.\n> agent: Thanks.")
    assert follow_up.format_review([]) == ""


@pytest.mark.parametrize(
    ("path", "line", "end", "outdated", "words"),
    [
        (None, None, None, False, "about the change as a whole"),
        ("a.py", None, None, False, "about a.py"),
        ("a.py", 3, 3, False, "about a.py, line 3"),
        ("a.py", 3, 5, False, "about a.py, lines 3 to 5"),
        (
            "a.py",
            3,
            3,
            True,
            "about a.py, line 3, in an older version: the lines have changed since",
        ),
    ],
)
def test_a_threads_place_in_words(
    path: str | None, line: int | None, end: int | None, outdated: bool, words: str
):
    assert follow_up.format_location(path, line, end, outdated=outdated) == words
