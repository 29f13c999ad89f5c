"""Whether a viewer's socket stays open."""

import pytest

from app.domain.attempt import AttemptPhase
from app.domain.roles import Person, ProjectRole, SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.domain.terminal import TerminalMode, TerminalSubject, Verdict, viewer_verdict

S, V = TaskStatus, Verdict
RUNS = TerminalSubject(S.RUNNING, None, AttemptPhase.RUN, is_live=True)
ASKS = TerminalSubject(S.SUSPENDED, SuspendReason.QUESTION, AttemptPhase.RUN, is_live=True)
AT_GATE = TerminalSubject(S.SUSPENDED, SuspendReason.GATE, AttemptPhase.GATE, is_live=True)
REPLACED = TerminalSubject(S.RUNNING, None, AttemptPhase.RUN, is_live=False)
ENDED = TerminalSubject(S.COMPLETED, None, AttemptPhase.PUBLISH, is_live=False)
MEMBER = Person(SystemRole.DEVELOPER, ProjectRole.MEMBER)
CREATOR = Person(SystemRole.DEVELOPER, ProjectRole.MEMBER, is_creator=True)


@pytest.mark.parametrize(
    ("subject", "person", "mode", "of_stage", "of_shell"),
    [
        (RUNS, CREATOR, "control", V.STAY, V.STAY),
        (RUNS, CREATOR, "watch", V.STAY, V.STAY),
        (RUNS, MEMBER, "watch", V.STAY, V.FORBIDDEN),
        (RUNS, MEMBER, "control", V.FORBIDDEN, V.FORBIDDEN),
        (RUNS, None, "watch", V.FORBIDDEN, V.FORBIDDEN),
        (ASKS, CREATOR, "control", V.STAY, V.STAY),
        (AT_GATE, CREATOR, "control", V.STAY, V.STAGE_ENDED),
        (REPLACED, CREATOR, "control", V.REPLACED, V.REPLACED),
        (ENDED, CREATOR, "control", V.ENDED, V.ENDED),
    ],
)
def test_a_shells_viewers_need_control_and_a_stage(
    subject: TerminalSubject,
    person: Person | None,
    mode: str,
    of_stage: Verdict,
    of_shell: Verdict,
) -> None:
    wanted = TerminalMode(mode)
    assert viewer_verdict(subject, person, wanted) is of_stage
    assert viewer_verdict(subject, person, wanted, is_shell=True) is of_shell
