"""The frames of a terminal's data plane: `WS /api/workers/pty/:taskId` and `WS /ws/pty/:taskId`.

Text frames are JSON objects with a `type`; binary frames are terminal bytes, at most
`MAX_FRAME_BYTES`. From the machine and to the viewer they're output, in the other direction
keystrokes. Offsets are those of the attempt's log: after masking, with gaps counted at their size.
"""

from typing import Annotated, Literal

import msgspec

from muster.protocol.bounds import Big, Count, Int, Secret, Text, TruncatedTo500

MAX_FRAME_BYTES = 64 * 1024  # of a frame, either way
MAX_DIMENSION = 1_000  # columns, or rows
SEND_WINDOW_BYTES = 512 * 1024  # sent to a viewer beyond its last acknowledgment

Offset = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
Dimension = Annotated[int, msgspec.Meta(ge=1, le=MAX_DIMENSION)]


class TerminalFrame(msgspec.Struct, rename="camel", tag_field="type", omit_defaults=True):
    """Base of all text frames."""


# ---- both channels -------------------------------------------------------------------------------


class Resize(TerminalFrame, tag="resize"):
    """From a controller, forwarded to the machine: the requested size. From the machine, and to
    every viewer: the terminal's current size."""

    cols: Dimension
    rows: Dimension


class Screen(TerminalFrame, tag="screen"):
    """The screen's contents at `offset`, as escape sequences for a terminal that was just reset.

    From the machine in answer to the `Snapshot` with that `number`; to a viewer before bytes that
    start at `offset`, if these don't directly follow the bytes it has. Its own bytes don't count in
    offsets. `exact` is false if output was too fast for the model; a redraw fixes it.
    """

    offset: Offset
    cols: Dimension
    rows: Dimension
    data: Text
    number: Big = 0
    exact: bool = True


# ---- the machine's channel -----------------------------------------------------------------------


class MachineAuth(TerminalFrame, tag="auth"):
    """Machine, first frame, within 5 s. `channel_token` came with `OpenTerminal`."""

    worker_jwt: Secret
    channel_token: Secret


class MachineReady(TerminalFrame, tag="ready"):
    """Server, answers `auth`. `offset` is how much output it has; None: none, so the machine starts
    at the end of its output."""

    offset: Offset | None = None


class OutputOffset(TerminalFrame, tag="at"):
    """Machine: the next binary frame starts at `offset`. Sent first, and after each gap."""

    offset: Offset


class Snapshot(TerminalFrame, tag="snapshot"):
    """Server: send a `Screen` with this number, between the bytes before and after its offset."""

    number: Big


class ShellEnded(TerminalFrame, tag="ended"):
    """Machine, last frame: the shell has ended, or couldn't start. Viewers are told the reason."""

    reason: Text


# ---- the viewer's channel ------------------------------------------------------------------------

Mode = Literal["control", "watch"]


class ViewerAuth(TerminalFrame, tag="auth"):
    """Viewer, first frame, within 5 s. `resume_from` is the offset up to which it has all bytes."""

    token: Secret
    channel_token: Secret
    resume_from: Offset | None = None


class ViewerReady(TerminalFrame, tag="ready"):
    """Server, answers `auth`. The next binary frame starts at `offset`."""

    mode: Mode
    cols: Dimension
    rows: Dimension
    offset: Offset
    attempt: Count


class Ping(TerminalFrame, tag="ping"):
    """Either side. Answered by `Pong`."""


class Pong(TerminalFrame, tag="pong"):
    """Answers `Ping`."""


class Takeover(TerminalFrame, tag="takeover"):
    """From a controller: no other viewer can type from now on. To the others: you're watching now,
    because the person in `by` took control."""

    by: Text | None = None


class Watch(TerminalFrame, tag="watch"):
    """From a controller: switch to watching, until `Takeover`."""


class OutputAck(TerminalFrame, tag="shown"):
    """Viewer: all output up to `offset` is drawn. A viewer that sends this gets at most
    `SEND_WINDOW_BYTES` beyond the last one; output that can't wait becomes a gap and a screen."""

    offset: Offset


class ViewerInfo(msgspec.Struct, rename="camel", omit_defaults=True):
    """A viewer of a terminal. `is_you`: it's the socket that receives this."""

    name: Text
    mode: Mode
    is_you: bool = False


class Viewers(TerminalFrame, tag="viewers"):
    """Server: the viewers and which of them can type now. Sent after `ready` and on changes."""

    people: TruncatedTo500[ViewerInfo]


class Gap(TerminalFrame, tag="gap"):
    """Server: the bytes [from, to) aren't sent. The stored log has them, unless the machine itself
    lost them."""

    start: Offset = msgspec.field(name="from")
    end: Offset = msgspec.field(name="to")


class Exit(TerminalFrame, tag="exit"):
    """Server: the stage's process has ended; `code` as a shell counts (128 + signal)."""

    code: Int
    stage_index: Count


class Refused(TerminalFrame, tag="refused"):
    """Server: the viewer's last frame had no effect; `code` is the reason (`watching`, `gate`)."""

    code: Text


FromPtyMachine = MachineAuth | OutputOffset | Screen | Resize | ShellEnded
ToPtyMachine = MachineReady | Snapshot | Resize
FromViewer = ViewerAuth | Resize | Ping | Pong | Takeover | Watch | OutputAck
ToViewer = ViewerReady | Screen | Resize | Ping | Pong | Takeover | Viewers | Gap | Exit | Refused


class CloseCode:
    """WebSocket close codes of both channels."""

    NORMAL = 1000
    GOING_AWAY = 1001
    TOO_BIG = 1009
    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    NO_TASK = 4404
    NO_AUTH = 4408
    NO_TERMINAL = 4409
    ENDED = 4410
    SHELL_ENDED = 4411
    REPLACED = 4412  # by a newer socket of the same attempt; to machines only
    TOO_MANY = 4429
