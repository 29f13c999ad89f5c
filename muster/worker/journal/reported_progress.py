"""What has been reported about an attempt, and so need not be reported again."""

from typing import Literal

import msgspec

from muster.protocol.frames import (
    Accepted,
    Body,
    BranchRefused,
    Changes,
    Checkpoint,
    Failed,
    Lost,
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
)

EndReason = Literal["", "stopped", "failed", "lost"]


class ReportedProgress(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which reports have been made of one attempt.

    `started`, `checkpointed` and `finished` are the highest stages of which that was reported; -1:
    of none yet. Those with `_run` are the runs of these stages. `unsuccessful`: the last stage that
    ended did not succeed; `ended_by` is how it ended. `end_reason` is why the attempt cannot go on.
    `transcript`: how many of its entries were reported. `last_question` is the number of the last
    question that was, and `last_withdrawn` of the last that was taken back; -1: none. `suspended`:
    that end was none, the stage was stopped in its middle and goes on with its next run.
    `last_refused_push` is the number of the last order to push by which the task's branch was not
    moved, or nothing was pushed yet, `last_reply` that of the last entry that answers in a review's
    thread and was reported as that; -1: of none. `unreported_checkpoint` is the last checkpoint,
    until all has been said of what it changed; `reported_commit` the last commit of which it was.
    `last_revision` is the last revision that was reported of the attempt's work.
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

    def has_started(self, stage: int, run: int) -> bool:
        """Whether the start of that run of the stage was reported, or of a later one."""
        return (self.started, self.started_run) >= (stage, run)

    def has_checkpointed(self, stage: int, run: int) -> bool:
        """Likewise its checkpoint."""
        return (self.checkpointed, self.checkpointed_run) >= (stage, run)

    def has_finished(self, stage: int, run: int) -> bool:
        """Likewise its end."""
        return (self.finished, self.finished_run) >= (stage, run)

    @property
    def is_all_pushed(self) -> bool:
        """Whether others have all that was done here: no stage has run, or the last one's
        checkpoint was reported."""
        return self.has_checkpointed(self.started, self.started_run)

    @property
    def is_final(self) -> bool:
        """Whether nothing follows: no stage, and no push."""
        return self.unsuccessful or self.published or bool(self.end_reason)

    def with_report(self, body: Body) -> "ReportedProgress":
        """The standing once this report has been made."""
        changes = _field_changes(body)
        return msgspec.structs.replace(self, **changes) if changes else self


def _field_changes(body: Body) -> dict[str, object]:
    match body:
        case Accepted():
            return {"accepted": True}
        case StageStarted(stage_index=stage, run=run):
            return {"started": stage, "started_run": run}
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
        case QuestionOpened(number=number):
            return {"last_question": number}
        case QuestionWithdrawn(number=number):
            return {"last_withdrawn": number}
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
