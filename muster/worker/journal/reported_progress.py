"""The reports made about an attempt, which needn't be repeated."""

from typing import Literal

import msgspec

from muster.protocol.frames import (
    Accepted,
    Body,
    BranchRefused,
    Changes,
    Checkpoint,
    Failed,
    InterruptIgnored,
    Lost,
    MessageOutcome,
    Published,
    PublishPreview,
    QuestionOpened,
    QuestionWithdrawn,
    Revision,
    StageExitReason,
    StageFinished,
    StageStarted,
    Stopped,
    Suspended,
    ThreadReplied,
    Transcript,
    TranscriptUpdated,
)
from muster.protocol.runs import position

EndReason = Literal["", "stopped", "failed", "lost"]


class ReportedProgress(msgspec.Struct, frozen=True, omit_defaults=True):
    """The reported progress of one attempt.

    `started`, `checkpointed` and `finished` are the latest stages with that report; -1: none.
    Those with `_run` are the runs of these stages. `unsuccessful`: the last finished stage didn't
    succeed; `ended_by` is how it exited. `end_reason` is why the attempt can't continue.
    `transcript`: number of reported entries, `transcript_updates` of their reported changes.
    `last_question` is the number of the last reported question, and `last_withdrawn` of the last
    withdrawn one; -1: none. `suspended`: the last exit was a suspension, and the stage continues
    with its next run. `last_refused_push` is the number of the last order to push that didn't move
    the task's branch, or pushed nothing yet; `last_reply` that of the last reported entry that
    answers in a review thread; -1: none.
    `unreported_checkpoint` is the last checkpoint, until its changes are completely reported;
    `reported_commit` the last commit with reported changes. `last_revision` is the last reported
    revision of the attempt's work. `message_outcomes` are the numbers of people's messages with a
    reported outcome; `last_ignored_interrupt` is that of the last reported ignored interrupt.
    """

    accepted: bool = False
    started: int = -1
    checkpointed: int = -1
    finished: int = -1
    unsuccessful: bool = False
    ended_by: StageExitReason | None = None
    published: bool = False
    end_reason: EndReason = msgspec.field(default="", name="over")
    started_run: int = 0
    checkpointed_run: int = 0
    finished_run: int = 0
    transcript: int = 0
    last_question: int = msgspec.field(default=-1, name="asked")
    last_withdrawn: int = msgspec.field(default=-1, name="unasked")
    suspended: bool = False
    last_refused_push: int = msgspec.field(default=-1, name="refused")
    last_reply: int = msgspec.field(default=-1, name="replied")
    unreported_checkpoint: Checkpoint | None = msgspec.field(default=None, name="untold")
    reported_commit: str = msgspec.field(default="", name="told")
    last_revision: Revision | None = msgspec.field(default=None, name="made")
    transcript_updates: int = 0
    message_outcomes: tuple[int, ...] = ()
    last_ignored_interrupt: int = -1

    def has_message_outcome(self, number: int) -> bool:
        return number in self.message_outcomes

    def has_started(self, stage: int, run: int) -> bool:
        """Whether the start of that run of the stage, or of a later one, was reported."""
        return position(self.started, self.started_run) >= position(stage, run)

    def has_checkpointed(self, stage: int, run: int) -> bool:
        """The same for its checkpoint."""
        return position(self.checkpointed, self.checkpointed_run) >= position(stage, run)

    def has_finished(self, stage: int, run: int) -> bool:
        """The same for its exit."""
        return position(self.finished, self.finished_run) >= position(stage, run)

    def is_renewal(self, stage: int, run: int, *, in_part: bool) -> bool:
        """Whether the next checkpoint in that run replaces a reported one of the stage: of an
        earlier suspension (`in_part`), or of its end, changed through a tunnel."""
        return self.checkpointed == stage and (in_part or self.has_finished(stage, run))

    @property
    def is_all_pushed(self) -> bool:
        """Whether others have all the work done here: no stage has run, or the last one's
        checkpoint was reported."""
        return self.has_checkpointed(self.started, self.started_run)

    @property
    def is_final(self) -> bool:
        """Whether no stage and no push follows."""
        return self.unsuccessful or self.published or bool(self.end_reason)

    def with_report(self, body: Body) -> "ReportedProgress":
        """Return the progress after this report."""
        changes = _field_changes(self, body)
        if isinstance(body, MessageOutcome):
            changes = {"message_outcomes": (*self.message_outcomes, body.number)}
        return msgspec.structs.replace(self, **changes) if changes else self


def _field_changes(before: ReportedProgress, body: Body) -> dict[str, object]:
    match body:
        case Accepted():
            return {"accepted": True}
        case StageStarted(stage_index=stage, run=run):
            return {"started": stage, "started_run": run, "unsuccessful": False}
        case Checkpoint(stage_index=stage, run=run, commit=commit, tree=tree):
            made = {"last_revision": Revision(commit, tree)} if tree else {}
            return {
                "checkpointed": stage,
                "checkpointed_run": run,
                "unreported_checkpoint": body,
                **made,
            }
        case PublishPreview(number=number, commit=commit, tree=tree):
            return {"last_refused_push": number, "last_revision": Revision(commit, tree)}
        case Changes(since="base", first=first, files=files, total=total, commit=commit):
            # The list since the base is the last of a commit.
            return (
                {"unreported_checkpoint": None, "reported_commit": commit}
                if first + len(files) >= total
                else {}
            )
        case StageFinished(stage_index=stage, how=how, code=code, run=run):
            unsuccessful = (how, code) != ("exit", 0)
            ending = {"unsuccessful": unsuccessful, "ended_by": how, "suspended": False}
            return {"finished": stage, "finished_run": run, **ending}
        case Suspended(stage_index=stage, run=run):
            at = {"finished": stage, "finished_run": run, "suspended": True}
            return {**at, "unsuccessful": False, "ended_by": None}
        case Transcript(first=first, entries=entries):
            return {"transcript": first + len(entries)}
        case TranscriptUpdated(entries=updated):
            return {"transcript_updates": before.transcript_updates + len(updated)}
        case QuestionOpened(number=number):
            return {"last_question": number}
        case QuestionWithdrawn(number=number):
            return {"last_withdrawn": number}
        case InterruptIgnored(number=number):
            return {"last_ignored_interrupt": number}
        case ThreadReplied(number=number):
            return {"last_reply": number}
        case Published():
            return {"published": True}
        case BranchRefused(number=number):
            return {"last_refused_push": number}
        case Stopped():
            return {"end_reason": "stopped"}
        case Failed():
            return {"end_reason": "failed"}
        case Lost():
            return {"end_reason": "lost"}
    return {}
