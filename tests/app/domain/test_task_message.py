"""Where a message goes, by its task's and attempt's state."""

from dataclasses import replace

import pytest

from app.domain.attempt import AttemptPhase
from app.domain.task import TaskStatus
from app.domain.task_message import (
    MAX_WAITING,
    AgentWork,
    NoRecipient,
    Recipients,
    RecipientState,
    build_prompt_end,
    can_send,
    find_recipients,
    takes_messages,
)

S, P = TaskStatus, AttemptPhase
STAGES = [{"name": "develop"}, {"name": "check", "kind": "shell"}, {"name": "review"}]
WORK = AgentWork(P.RUN, 0, True, False, 0, True, None)
OPEN, NEXT = Recipients(RecipientState.OPEN), Recipients(RecipientState.NEXT_STAGE)


def nobody(reason: NoRecipient) -> Recipients:
    return Recipients(RecipientState.NONE, reason)


@pytest.mark.parametrize(
    ("status", "work", "expected"),
    [
        (S.QUEUED, None, NEXT),
        (S.RUNNING, WORK, OPEN),
        (S.ASSIGNED, WORK, OPEN),
        (S.SUSPENDED, WORK, OPEN),
        (S.RUNNING, replace(WORK, has_slot=False), NEXT),
        (S.RUNNING, replace(WORK, is_stopping=True), NEXT),
        (S.SUSPENDED, replace(WORK, phase=P.GATE), NEXT),
        (S.RUNNING, replace(WORK, stage_index=1), NEXT),
        (S.RUNNING, replace(WORK, takes_messages=False), nobody(NoRecipient.NOT_SUPPORTED)),
        (S.RUNNING, replace(WORK, interface="terminal"), nobody(NoRecipient.TERMINAL)),
        (S.RUNNING, replace(WORK, phase=P.PUBLISH), nobody(NoRecipient.NO_STAGE)),
        (S.SUSPENDED, replace(WORK, phase=P.GATE, pushes=1), nobody(NoRecipient.NO_STAGE)),
        (S.COMPLETED, None, nobody(NoRecipient.ENDED)),
        (S.CANCELLED, None, nobody(NoRecipient.ENDED)),
    ],
    ids=str,
)
def test_a_message_goes_to_the_working_agent_or_the_next_one(
    status: TaskStatus, work: AgentWork | None, expected: Recipients
) -> None:
    assert find_recipients(status, STAGES, 0, work) == expected


def test_without_an_agent_stage_ahead_nobody_gets_it() -> None:
    stages = STAGES[:2]
    expected = nobody(NoRecipient.NO_STAGE)
    assert find_recipients(S.QUEUED, stages, 1, None) == expected
    assert find_recipients(S.QUEUED, stages, len(stages), None) == expected
    assert find_recipients(S.RUNNING, stages, 1, replace(WORK, stage_index=1)) == expected


def test_one_that_is_too_late_can_be_sent_and_a_21st_cannot() -> None:
    assert can_send(nobody(NoRecipient.NO_STAGE), 0)
    assert can_send(NEXT, MAX_WAITING - 1)
    assert not can_send(NEXT, MAX_WAITING)
    assert not can_send(nobody(NoRecipient.NOT_SUPPORTED), 0)


def test_a_machine_takes_messages_for_the_agents_that_it_says() -> None:
    reported = [{"agentType": "claude", "takesMessages": True}, {"agentType": "aider"}]
    assert takes_messages(reported, "claude")
    assert not takes_messages(reported, "aider")
    assert not takes_messages(reported, "codex")


def test_a_prompt_ends_with_its_messages_and_their_authors() -> None:
    end = build_prompt_end([("Ada", "One."), ("Bo", "Two.")])
    assert end.endswith("Ada:\nOne.\n\nBo:\nTwo.")
    assert build_prompt_end([]) == ""
