import pytest

from muster.worker.agents.degradation import DEGRADED_SECONDS, Degradation, Reason


def after(story: str, reason: Reason = "unknown", now: float = 100.0) -> Degradation:
    """A small letter is a failure of the project of that name, a capital one a success of it."""
    agent = Degradation()
    for letter in story:
        if letter.isupper():
            agent.record_success(letter.lower())
        else:
            agent.record_failure(letter, reason, now)
    return agent


STORIES = {
    "nothing has happened": ("", False),
    "two failures are too few": ("ab", False),
    "three of two projects": ("aab", True),
    "three of three projects": ("abc", True),
    "however often one fails that never worked here": ("aaaaaaaaa", False),
    "others' successes before do not make it the machine's fault": ("BCaaa", False),
    "one that worked here before": ("Aaaa", True),
    "a success between": ("aaBa", False),
    "a success of one's own between": ("aaAa", False),
    "a success between is no more in the way of the next three": ("aaBaab", True),
    "a project that often failed needs another within the last three": ("aaaaaabaaa", True),
    "what an old failure of another says wears off": ("bBaaa", False),
    "a success ends it": ("aabB", False),
    "anybody's success ends it": ("aabC", False),
}


@pytest.mark.parametrize(("story", "degraded"), STORIES.values(), ids=STORIES.keys())
def test_which_projects_failed_decides_whether_the_machine_is_to_blame(
    story: str, degraded: bool
) -> None:
    assert after(story).active_reason(100.0) == ("unknown" if degraded else None)


@pytest.mark.parametrize("reason", ["rate_limit", "auth_failure"])
@pytest.mark.parametrize(
    ("story", "degraded"), [("Aaaa", False), ("AaaaAaaaaaa", False), ("aab", True)]
)
def test_no_key_of_one_project_takes_an_agent_from_others(
    story: str, degraded: bool, reason: Reason
) -> None:
    assert after(story, reason).active_reason(100.0) == (reason if degraded else None)


def test_a_key_that_is_refused_adds_nothing_to_anothers_failure_of_another_sort() -> None:
    agent = Degradation()
    for project, reason in (("a", "rate_limit"), ("a", "rate_limit"), ("b", "unknown")):
        agent.record_failure(project, reason, 100.0)
    assert agent.active_reason(100.0) is None


@pytest.mark.parametrize("reason", DEGRADED_SECONDS)
def test_every_degradation_ends(reason: Reason) -> None:
    agent = after("abc", reason)
    assert agent.active_reason(100.0 + DEGRADED_SECONDS[reason] - 1) == reason
    assert agent.active_reason(100.0 + DEGRADED_SECONDS[reason]) is None


def test_one_more_failure_after_the_pause_degrades_again_for_its_own_reason() -> None:
    agent = after("aab", "rate_limit", now=0.0)
    agent.record_failure("b", "auth_failure", 100.0)
    assert agent.active_reason(101.0) == "auth_failure"


def test_one_project_costs_others_one_pause_for_each_time_that_it_worked() -> None:
    agent = after("Aaaa", now=0.0)
    assert agent.active_reason(0.0)
    for _ in range(10):
        agent.record_failure("a", "unknown", 1000.0)
    assert agent.active_reason(1000.0) is None
    agent.record_success("a")
    for _ in range(3):
        agent.record_failure("a", "unknown", 2000.0)
    assert agent.active_reason(2000.0)


def test_one_project_keeps_up_what_two_began_for_two_more_failures_only() -> None:
    agent = after("aba", now=0.0)
    for now, degraded in ((1000.0, True), (2000.0, False), (3000.0, False)):
        agent.record_failure("a", "unknown", now)
        assert bool(agent.active_reason(now)) is degraded


def test_a_binary_that_is_found_again_ends_what_was_said_of_a_missing_one_alone() -> None:
    missing, limited = after("abc", "binary_missing"), after("abc", "rate_limit")
    missing.clear_missing_binary()
    limited.clear_missing_binary()
    assert missing.active_reason(100.0) is None
    assert limited.active_reason(100.0) == "rate_limit"
