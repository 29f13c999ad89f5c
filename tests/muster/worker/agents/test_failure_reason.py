import pytest

from muster.protocol.frames import AgentFailure
from muster.worker.agents import failure_reason


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, None),
        ({"failure": None}, None),
        ({"failure": "auth"}, None),
        ({"failure": {"kind": "auth", "message": "no"}}, "auth_failure"),
        ({"failure": {"kind": "rate_limit"}}, "rate_limit"),
        ({"failure": {"kind": "overloaded"}}, "rate_limit"),
        ({"failure": {"kind": "quota", "resetsAt": 1}}, "rate_limit"),
        ({"failure": {"kind": "refused"}}, "unknown"),
        ({"failure": {"kind": "unknown"}}, "unknown"),
        ({"failure": {"kind": ["auth"]}}, "unknown"),
        ({"failure": {}}, "unknown"),
    ],
)
def test_what_an_agent_told_says_why_it_failed(facts: dict, reason: str | None) -> None:
    assert failure_reason.reason_from_facts(facts) == reason


@pytest.mark.parametrize(
    ("facts", "failure"),
    [
        ({}, None),
        ({"failure": "auth"}, None),
        ({"failure": {"kind": "quota", "message": "Spent."}}, AgentFailure("quota", "Spent.")),
        ({"failure": {"kind": ["auth"], "message": 1}}, AgentFailure("unknown", "")),
        ({"failure": {"message": "x" * 9000}}, AgentFailure("unknown", "x" * 2000)),
    ],
)
def test_the_server_gets_its_own_terms(facts: dict, failure: AgentFailure | None) -> None:
    assert failure_reason.failure_from_facts(facts) == failure


@pytest.mark.parametrize(
    ("exit_code", "output", "reason"),
    [
        (0, b"rate limit", None),
        (127, b"bash: claude: command not found", "unknown"),
        (126, b"exec: no such file or directory", "unknown"),
        (127, b"claude: 429 Too Many Requests", "rate_limit"),
        (1, b"API Error: 429 Too Many Requests", "rate_limit"),
        (1, b"unexpected status 529 <unknown status code>: Overloaded", "rate_limit"),
        (1, b"API Error: Overloaded", "rate_limit"),
        (1, b"Claude usage limit reached. Resets at 5pm", "rate_limit"),
        (1, b"\x1b[31mHTTP 429\x1b[0m", "rate_limit"),
        (1, b"Invalid API key \xc2\xb7 Please run /login", "auth_failure"),
        (1, b"401 Unauthorized", "auth_failure"),
        (1, b"error: not logged in", "auth_failure"),
        (1, b"FAILED tests/test_x.py line 401", "unknown"),
        (1, b"", "unknown"),
        (-9, b"\xff\xfe", "unknown"),
    ],
)
def test_a_failure_is_judged_by_its_code_and_last_words(
    exit_code: int, output: bytes, reason: str | None
) -> None:
    assert failure_reason.classify_output(exit_code, output) == reason


def test_old_output_does_not_count() -> None:
    assert failure_reason.classify_output(1, b"401 Unauthorized" + b"x" * 20_000) == "unknown"
