"""An agent that gets messages has another command line, without its text."""

from muster.worker.agents.adapters.adapter import AgentInvocation
from muster.worker.agents.adapters.claude import CLAUDE
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS
from muster.worker.agents.runner.conversation import NAMES

ASKED = AgentInvocation("do it", session_id="s-1", is_structured=True, takes_messages=True)


def test_claude_reads_frames_and_repeats_them() -> None:
    argv = CLAUDE.argv(ASKED)
    assert argv[:9] == [
        *("claude", "-p", "--output-format", "stream-json", "--verbose"),
        *("--include-partial-messages", "--input-format", "stream-json", "--replay-user-messages"),
    ]
    assert argv[-2:] == ["--resume", "s-1"]
    assert "do it" not in argv


def test_without_messages_it_is_the_same_as_before() -> None:
    argv = CLAUDE.argv(ASKED._replace(takes_messages=False))
    assert argv[-2:] == ["--", "do it"]
    assert "--input-format" not in argv


def test_an_agent_without_a_conversation_has_one_command_line() -> None:
    aider = BUILTIN_ADAPTERS.get("aider")
    assert aider is not None
    assert aider.argv(ASKED) == aider.argv(ASKED._replace(takes_messages=False))


def test_each_conversation_is_known_to_the_runner() -> None:
    formats = [each.messages.format for each in BUILTIN_ADAPTERS if each.messages]
    assert formats
    assert {*formats} <= {*NAMES}
