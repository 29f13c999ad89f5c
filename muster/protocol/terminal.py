"""The frames of a terminal's data plane: `WS /api/workers/pty/:taskId` and `WS /ws/pty/:taskId`.

Text frames are JSON objects with a `type`; binary frames are bytes of the terminal, of at most
`MAX_BYTES`. Towards the viewer and from the machine they are output, the other way round they are
keystrokes. Offsets are those of the attempt's log: after masking, a gap counted as what it lost.
"""

from typing import Annotated, Literal

import msgspec

from muster.protocol.bounds import Big, Count, Int, Secret, Text, TruncatedTo500

MAX_FRAME_BYTES = 64 * 1024  # of a frame, either way
MAX_DIMENSION = 1_000  # columns, or rows
SEND_WINDOW_BYTES = 512 * 1024  # sent to a viewer beyond what it says that it has shown

Offset = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
Dimension = Annotated[int, msgspec.Meta(ge=1, le=MAX_DIMENSION)]


class TerminalFrame(msgspec.Struct, rename="camel", tag_field="type", omit_defaults=True):
    """Base of all text frames."""


# ---- both channels -------------------------------------------------------------------------------


class Resize(TerminalFrame, tag="resize"):
    """From a controller, and handed on to the machine: the size that is wanted. From the machine,
    and to every viewer: the size that the terminal has now."""

    cols: Dimension
    rows: Dimension


class Screen(TerminalFrame, tag="screen"):
    """What the screen shows at `offset`: escape sequences for a terminal that has been reset.

    From the machine in answer to `Snapshot` of that `number`; to a viewer before bytes that begin
    at `offset`, whenever there is no unbroken run of bytes to what it has seen. Its bytes count in
    no offset. `exact` is false where a flood was too fast for the model: a redraw puts it right.
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
    """Server, answers `auth`. `offset` is what it has of the output; None: nothing, so that the
    machine begins at the end of what there is."""

    offset: Offset | None = None


class OutputOffset(TerminalFrame, tag="at"):
    """Machine: the next binary frame begins at `offset`. Said first, and after each gap."""

    offset: Offset


class Snapshot(TerminalFrame, tag="snapshot"):
    """Server: send a `Screen` of this number, between the bytes before and after its offset."""

    number: Big


# ---- the viewer's channel ------------------------------------------------------------------------

Mode = Literal["control", "watch"]


class ViewerAuth(TerminalFrame, tag="auth"):
    """Viewer, first frame, within 5 s. `resume_from` is the offset up to which it has all bytes."""

    token: Secret
    channel_token: Secret
    resume_from: Offset | None = None


class ViewerReady(TerminalFrame, tag="ready"):
    """Server, answers `auth`. The next binary frame begins at `offset`."""

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
    """From a controller: no other viewer may type any more. To those others: from now on they
    watch, because of the person in `by`."""

    by: Text | None = None


class Watch(TerminalFrame, tag="watch"):
    """From a controller: I watch, until I take over."""


class OutputAck(TerminalFrame, tag="shown"):
    """Viewer: all up to `offset` is drawn. Who says it once is sent no more than
    `SEND_WINDOW_BYTES` beyond what it said last: what cannot wait so long is a gap, and a
    screen."""

    offset: Offset


class ViewerInfo(msgspec.Struct, rename="camel", omit_defaults=True):
    """Somebody who looks at a terminal. `is_you`: by the socket that is told so."""

    name: Text
    mode: Mode
    is_you: bool = False


class Viewers(TerminalFrame, tag="viewers"):
    """Server: who looks, and whoever of them may type now. Said after `ready`, and when it has
    changed."""

    people: TruncatedTo500[ViewerInfo]


class Gap(TerminalFrame, tag="gap"):
    """Server: the bytes [from, to) are not sent. The durable log has them, unless the machine
    itself lost them."""

    start: Offset = msgspec.field(name="from")
    end: Offset = msgspec.field(name="to")


class Exit(TerminalFrame, tag="exit"):
    """Server: the stage's process has ended; `code` as a shell counts (128 + signal)."""

    code: Int
    stage_index: Count


class Refused(TerminalFrame, tag="refused"):
    """Server: the viewer's last frame had no effect; `code` says why (`watching`, `gate`)."""

    code: Text


FromPtyMachine = MachineAuth | OutputOffset | Screen | Resize
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
    REPLACED = 4412  # by a newer socket of the same attempt; to machines only
    TOO_MANY = 4429
