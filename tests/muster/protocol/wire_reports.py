"""The encoding of each report."""

from muster.protocol import frames
from muster.protocol.frames import ReportBody
from tests.muster.protocol import branch_frames, steering_frames

REPORTED: list[tuple[ReportBody, str]] = [
    (frames.Accepted(), '{"kind":"accepted"}'),
    (frames.Note("warning", "slow"), '{"kind":"note","level":"warning","text":"slow"}'),
    (frames.StageStarted(2), '{"kind":"stage-started","stageIndex":2}'),
    (
        frames.StageFinished(2, 99, "signal", 9),
        '{"kind":"stage-finished","stageIndex":2,"logEnd":99,"how":"signal","code":9}',
    ),
    (
        frames.StageFinished(0, 9, "exit", 1, failure=frames.AgentFailure("auth", "No.")),
        '{"kind":"stage-finished","stageIndex":0,"logEnd":9,"how":"exit","code":1,'
        '"failure":{"kind":"auth","message":"No."}}',
    ),
    (
        frames.StageFinished(2, 99, "exit", denied=0),
        '{"kind":"stage-finished","stageIndex":2,"logEnd":99,"how":"exit","denied":0}',
    ),
    (
        frames.Transcript(2, 5, [frames.TranscriptEntry(7, "command", "make", data={"exit": 2})]),
        '{"kind":"transcript","stageIndex":2,"first":5,"entries":'
        '[{"atMs":7,"kind":"command","title":"make","data":{"exit":2}}]}',
    ),
    (
        frames.Usage(2, "claude", [frames.UsageItem("opus", 9, 5, 3, cost=0.25)], 1),
        '{"kind":"usage","stageIndex":2,"agent":"claude","items":[{"model":"opus","inputTokens":9,'
        '"cachedTokens":5,"outputTokens":3,"cost":0.25}],"run":1}',
    ),
    (
        frames.QuestionOpened(2, 1, "Which?", ["red", "blue"], 60.0),
        '{"kind":"asked","stageIndex":2,"number":1,"question":"Which?","choices":["red","blue"],'
        '"timeout":60.0}',
    ),
    (frames.QuestionWithdrawn(2, 1), '{"kind":"unasked","stageIndex":2,"number":1}'),
    (
        frames.ThreadReplied(2, 4, 5, "Done."),
        '{"kind":"replied","stageIndex":2,"number":4,"thread":5,"text":"Done."}',
    ),
    (
        frames.Suspended(2, 99, "quota", "spent", 5000, 1),
        '{"kind":"suspended","stageIndex":2,"logEnd":99,"reason":"quota","message":"spent",'
        '"resetsAtMs":5000,"run":1}',
    ),
    (
        frames.Checkpoint(2, "refs/muster/7/1/2", "c0ffee"),
        '{"kind":"checkpoint","stageIndex":2,"ref":"refs/muster/7/1/2","commit":"c0ffee"}',
    ),
    (
        frames.Content("b10b", 9, 17, 4, b"\x00\xff"),
        '{"kind":"content","id":"b10b","size":9,"packed":17,"offset":4,"data":"AP8="}',
    ),
    (
        frames.Changes(
            *(2, "stage", "ba5e", "c0ffee"),
            [
                frames.ChangedFile(
                    "b", "renamed", "a", *["100644"] * 2, "b1", "b0", 3, 4, patch="9a"
                )
            ],
            *(500, 501, "", 1, True),
        ),
        '{"kind":"changes","stageIndex":2,"since":"stage","base":"ba5e","commit":"c0ffee","files":'
        '[{"path":"b","status":"renamed","oldPath":"a","mode":"100644","oldMode":"100644",'
        '"blob":"b1","oldBlob":"b0","insertions":3,"deletions":4,"patch":"9a"}],"first":500,'
        '"total":501,"run":1,"partial":true}',
    ),
    (
        frames.Published("muster/7-1", "c0ffee", frames.DiffStat(1, 2, 3)),
        '{"kind":"published","branch":"muster/7-1","commit":"c0ffee",'
        '"diff":{"filesChanged":1,"insertions":2,"deletions":3}}',
    ),
    (
        frames.PublishPreview(1, "c0ffee", "7ee", frames.Revision("ba5e", "700")),
        '{"kind":"to-publish","number":1,"commit":"c0ffee","tree":"7ee",'
        '"follows":{"commit":"ba5e","tree":"700"}}',
    ),
    *branch_frames.REPORTED,
    *steering_frames.REPORTED,
    (
        frames.WorkspaceFacts("ready", "/w", "b", "c0", "c1", True, frames.DiffStat(1), 4096),
        '{"kind":"workspace","state":"ready","path":"/w","branch":"b","baseCommit":"c0",'
        '"headCommit":"c1","dirty":true,"diff":{"filesChanged":1},"sizeBytes":4096}',
    ),
    (
        frames.TunnelFacts(2, "starting", "", "log in", 1, True),
        '{"kind":"tunnel","number":2,"state":"starting","error":"log in","restarts":1,'
        '"waitsForLogin":true}',
    ),
    (
        frames.EgressRefused(2, "evil.example:22"),
        '{"kind":"egress-refused","stageIndex":2,"host":"evil.example:22"}',
    ),
    (frames.Stopped(), '{"kind":"stopped"}'),
    (frames.Lost("reboot"), '{"kind":"lost","reason":"reboot"}'),
    (
        frames.Failed("binary_missing", "no claude"),
        '{"kind":"failed","code":"binary_missing","message":"no claude"}',
    ),
    (frames.LogLost(10, 20), '{"kind":"log-lost","start":10,"end":20}'),
    (frames.Drained(), '{"kind":"drained"}'),
]
