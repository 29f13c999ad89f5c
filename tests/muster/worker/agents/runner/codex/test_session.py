import os
from typing import Any

import pytest

from muster.worker.agents.runner.codex.session import FAILED_STATUS, INTERRUPTED_STATUS
from tests.muster.worker.agents.runner.codex.app_server import THREAD, AppServer, started

ERROR = {"code": -32600, "message": "no rollout found"}


def test_a_thread_gets_the_settings_of_the_stage() -> None:
    server = AppServer()
    server.start_thread()
    assert server.sent_of("thread/start") == [
        {
            "cwd": os.getcwd(),
            "model": "large",
            "sandbox": "danger-full-access",
            "approvalPolicy": "never",
        }
    ]
    [turn] = server.sent_of("turn/start")
    assert (turn["threadId"], turn["input"][0]["text"]) == (THREAD, "Do it.")
    assert server.output.facts["session"] == THREAD
    assert "codex · large" in server.output.plain


def test_a_session_is_resumed_without_its_history() -> None:
    server = AppServer(session="thread-0")
    server.start_thread("thread/resume")
    [resumed] = server.sent_of("thread/resume")
    assert (resumed["threadId"], resumed["excludeTurns"]) == ("thread-0", True)
    assert server.sent_of("thread/start") == []


def test_a_session_that_is_gone_is_replaced() -> None:
    server = AppServer(session="thread-0")
    server.respond("initialize", result={})
    server.respond("thread/resume", error=ERROR)
    server.respond("thread/start", result={"thread": {"id": THREAD}, "model": None})
    assert "starting a new one: no rollout found" in server.output.plain
    assert len(server.sent_of("turn/start")) == 1


def test_it_logs_in_with_the_key_of_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_API_KEY", "sk-secret")
    server = AppServer()
    server.respond("initialize", result={})
    assert server.sent_of("account/login/start") == [{"type": "apiKey", "apiKey": "sk-secret"}]
    server.respond("account/login/start", error={"code": 1, "message": "only ChatGPT"})
    assert len(server.sent_of("thread/start")) == 1
    assert "only ChatGPT" in server.output.plain


@pytest.mark.parametrize("method", ["initialize", "thread/start", "turn/start"])
def test_a_refused_request_fails_the_stage(method: str) -> None:
    server = AppServer()
    if method != "initialize":
        server.respond("initialize", result={})
    if method == "turn/start":
        server.respond("thread/start", result={"thread": {"id": THREAD}})
    server.respond(method, error={"code": 1, "message": "the server is overloaded"})
    assert server.session.status == FAILED_STATUS
    assert server.output.facts["failure"]["kind"] == "overloaded"


def test_an_invalid_response_fails_the_stage_and_is_shown() -> None:
    server = AppServer()
    server.respond("initialize", result={})
    server.respond("thread/start", result={"thread": "none"})
    assert server.session.status == FAILED_STATUS
    assert '"none"' in server.output.plain


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("item/commandExecution/requestApproval", {"decision": "decline"}),
        ("item/fileChange/requestApproval", {"decision": "decline"}),
        ("mcpServer/elicitation/request", {"action": "decline", "content": None}),
        ("execCommandApproval", {"decision": "denied"}),
    ],
)
def test_what_codex_asks_for_is_denied(method: str, result: dict[str, Any]) -> None:
    server = started()
    server.send({"id": 0, "method": method, "params": {"threadId": THREAD}})
    assert server.sent[-1] == {"id": 0, "result": result}


def test_an_unknown_request_is_rejected() -> None:
    server = started()
    server.send({"id": "x", "method": "attestation/generate", "params": {}})
    assert server.sent[-1]["error"]["code"] == -32601


def test_usage_is_known_before_the_end() -> None:
    server = started()
    total = {"inputTokens": 10, "cachedInputTokens": 2, "outputTokens": 3}
    server.notify("thread/tokenUsage/updated", tokenUsage={"total": total}, turnId="turn-1")
    [usage] = server.output.facts["usage"]
    assert (usage["inputTokens"], usage["outputTokens"], usage["reasoningTokens"]) == (10, 3, None)
    assert server.output.facts["isOfSession"] is True
    assert server.output.kinds == []


def test_a_limit_resets_when_the_account_says() -> None:
    server = started()
    windows = {
        "primary": {"usedPercent": 100, "resetsAt": 1_900_000_000},
        "secondary": {"usedPercent": 40, "resetsAt": 2_000_000_000},
    }
    server.send({"method": "account/rateLimits/updated", "params": {"rateLimits": windows}})
    server.send({"method": "account/rateLimits/updated", "params": {"rateLimits": {}}})
    error = {"message": "Limit.", "codexErrorInfo": "usageLimitExceeded"}
    server.notify("error", error=error, willRetry=False, turnId="turn-1")
    failure = server.output.facts["failure"]
    assert (failure["kind"], failure["resetsAt"]) == ("quota", 1_900_000_000)


def test_a_failure_is_none_when_it_went_on() -> None:
    server = started()
    error = {"message": "Reconnecting... 1/5", "additionalDetails": "cut"}
    server.notify("error", error=error, willRetry=True, turnId="turn-1")
    assert "Reconnecting... 1/5 (cut)" in server.output.plain
    server.end_turn()
    assert server.output.facts["failure"] is None


def test_a_plan_is_shown_as_it_changes_and_told_in_the_end() -> None:
    server = started()
    for status in ("inProgress", "completed"):
        plan = [{"step": "mend", "status": status}]
        server.notify("turn/plan/updated", turnId="turn-1", plan=plan)
    server.end_turn()
    assert server.output.of_kind("tool")["text"] == "[x] mend"
    assert server.output.plain.count("[ ] mend") == 1


def test_a_thread_of_a_helper_says_nothing_here() -> None:
    server = started()
    item = {"type": "agentMessage", "id": "m-1", "text": "from afar"}
    server.notify("item/completed", threadId="thread-2", item=item)
    assert "afar" not in server.output.plain


def test_an_agent_that_exits_in_its_turn_has_failed() -> None:
    server = started()
    server.exit()
    assert server.session.status == FAILED_STATUS
    assert server.output.of_kind("error")["text"] == "The agent exited during its turn."


def test_a_turn_interrupted_from_the_terminal_ends_the_stage() -> None:
    server = started()
    agent = _Interrupted()
    server.session.send_pending(agent)  # type: ignore[arg-type]
    assert b"turn/interrupt" in agent.written
    server.end_turn("interrupted")
    server.session.send_pending(agent)  # type: ignore[arg-type]
    assert agent.has_finished
    assert server.session.status == INTERRUPTED_STATUS
    server.exit()
    assert "error" not in server.output.kinds


class _Interrupted:
    """An agent's process that got an INT."""

    def __init__(self) -> None:
        self.is_interrupted, self.written = True, b""
        self.has_finished = False

    def write(self, data: bytes) -> None:
        self.written += data

    def schedule_end(self) -> None:
        pass

    def end_input(self, grace: float) -> None:
        self.has_finished = True


def test_a_log_line_with_colors_tells_of_a_rejected_edit() -> None:
    server = started()
    line = (
        "\x1b[2m2026-12-01T07:00:00Z\x1b[0m \x1b[31mERROR\x1b[0m \x1b[2mcodex_core::tools::router"
    )
    line += "\x1b[0m\x1b[2m:\x1b[0m \x1b[3merror\x1b[0m\x1b[2m=\x1b[0mpatch rejected: read-only"
    [update] = server.session.feed_text_line(line)
    assert update.entry is not None
    assert update.entry["text"] == "patch rejected: read-only"


def test_the_output_of_a_running_command_is_passed_on() -> None:
    server = started()
    delta = {"itemId": "c-1", "delta": "ok 1\n", "turnId": "turn-1"}
    server.notify("item/commandExecution/outputDelta", **delta)
    assert server.output.deltas == []
    command = {"id": "c-1", "command": "make", "processId": "77", "status": "inProgress"}
    server.item("started", "commandExecution", **command)
    server.notify("item/commandExecution/outputDelta", **delta)
    assert server.output.deltas == [("c-1", "output", "ok 1\n")]
