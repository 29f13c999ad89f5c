"""Frames with which people watch and steer an agent, with their encodings."""

from muster.protocol import frames
from muster.protocol.frames.parts import Frame
from muster.protocol.frames.reports import ReportBody

_ENTRY = frames.TranscriptEntry(7, "command", "make", state="done", finished_ms=9)
_WISH = frames.PermissionRequest("Bash", "make", "make all", "/workspace", suggestion="Bash(make)")

SAID: list[tuple[Frame, str]] = [
    (
        frames.AgentMessage(7, 1, 3, "Use make.", "Ada", "now"),
        '{"type":"message","taskId":7,"attempt":1,"number":3,"text":"Use make.","author":"Ada",'
        '"when":"now"}',
    ),
    (
        frames.Interrupt(7, 1, 2, "Ada"),
        '{"type":"interrupt","taskId":7,"attempt":1,"number":2,"author":"Ada"}',
    ),
    (
        frames.Answer(7, 1, 2, permission="deny", comment="No."),
        '{"type":"answer","taskId":7,"attempt":1,"number":2,"permission":"deny","comment":"No."}',
    ),
    (
        frames.TextDelta(7, 1, 2, 5, "message", 4, "more"),
        '{"type":"text-delta","taskId":7,"attempt":1,"stageIndex":2,"entry":5,"kind":"message",'
        '"offset":4,"text":"more"}',
    ),
]

REPORTED: list[tuple[ReportBody, str]] = [
    (
        frames.TranscriptUpdated(2, [frames.UpdatedEntry(5, _ENTRY)]),
        '{"kind":"transcript-updated","stageIndex":2,"entries":[{"number":5,"entry":'
        '{"atMs":7,"kind":"command","title":"make","state":"done","finishedMs":9}}]}',
    ),
    (
        frames.MessageOutcome(3, "delivered", 2),
        '{"kind":"message-outcome","number":3,"state":"delivered","stageIndex":2}',
    ),
    (
        frames.InterruptIgnored(2, 2, 1),
        '{"kind":"interrupt-ignored","number":2,"stageIndex":2,"run":1}',
    ),
    (
        frames.QuestionOpened(2, 0, "make", permission=_WISH),
        '{"kind":"asked","stageIndex":2,"number":0,"question":"make","permission":'
        '{"tool":"Bash","title":"make","arguments":"make all","folder":"/workspace",'
        '"suggestion":"Bash(make)"}}',
    ),
]
