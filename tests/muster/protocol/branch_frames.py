"""Frames about the task's own branch, with their encodings."""

from muster.protocol import frames
from muster.protocol.frames.parts import Frame
from muster.protocol.frames.reports import ReportBody

SAID: list[tuple[Frame, str]] = [
    (
        frames.Publish(7, 1, onto=frames.TaskBranch("muster/7", "c0ffee"), number=1),
        '{"type":"publish","taskId":7,"attempt":1,'
        '"onto":{"name":"muster/7","expects":"c0ffee"},"number":1}',
    ),
]

REPORTED: list[tuple[ReportBody, str]] = [
    (
        frames.Published("muster/7-1", "c0", frames.DiffStat(), frames.BranchMove("muster/7")),
        '{"kind":"published","branch":"muster/7-1","commit":"c0","diff":{},'
        '"moved":{"name":"muster/7"}}',
    ),
    (
        frames.BranchRefused(1, "muster/7", "c0", "c1", by="A", subject="mine"),
        '{"kind":"branch-refused","number":1,"name":"muster/7","commit":"c0","found":"c1",'
        '"by":"A","subject":"mine"}',
    ),
]
