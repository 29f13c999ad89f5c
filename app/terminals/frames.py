"""Between the sockets' messages and frames; and notes, which processes leave in output streams."""

from typing import TypeVar

import msgspec

from app.terminals.websocket import TooBig
from muster.protocol import codec
from muster.protocol.terminal import MAX_BYTES, FromPtyMachine, FromViewer, TerminalFrame

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_from_viewer: "msgspec.json.Decoder[FromViewer]" = msgspec.json.Decoder(FromViewer)
_from_machine: "msgspec.json.Decoder[FromPtyMachine]" = msgspec.json.Decoder(FromPtyMachine)


def encode(frame: TerminalFrame) -> str:
    """The frame as a text message."""
    return _encoder.encode(frame).decode()


def from_viewer(message: str | bytes) -> FromViewer | bytes:
    """A viewer's message: a frame, or the bytes that were typed. Raises BadFrame, TooBig."""
    return _decode(_from_viewer, message, MAX_BYTES)


def from_machine(message: str | bytes) -> FromPtyMachine | bytes:
    """A machine's message: a frame, or bytes of output. A screen is the one text that may be large.

    Raises BadFrame, TooBig.
    """
    return _decode(_from_machine, message, codec.MAX_TEXT)


def _decode(decoder: "msgspec.json.Decoder[T]", message: str | bytes, longest: int) -> T | bytes:
    if len(message) > (MAX_BYTES if isinstance(message, bytes) else longest):
        raise TooBig
    if isinstance(message, bytes):
        return message
    try:
        return decoder.decode(message)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise codec.BadFrame(str(error)) from None


# ---- notes ---------------------------------------------------------------------------------------


class Note(msgspec.Struct, tag_field="kind", frozen=True):
    """Base of all notes, which lie between the bytes of an output stream. `bus` writes `Exited`."""


class Resized(Note, tag="resized", frozen=True):
    """The terminal has another size from here on."""

    cols: int
    rows: int


class Drawn(Note, tag="drawn", frozen=True):
    """A screen has come from the machine, and lies in Redis."""


class Taken(Note, tag="taken", frozen=True):
    """The viewer of that id has taken over: it alone controls the terminal now. `by`: its name."""

    viewer: str
    by: str


class Looking(Note, tag="looking", frozen=True):
    """Who looks has changed, or what they may do; it lies in Redis."""


class Exited(Note, tag="exited", frozen=True):
    """A stage's process has ended, after the byte at `log_end`."""

    code: int
    stage_index: int
    log_end: int


AnyNote = Resized | Drawn | Taken | Looking | Exited
_note: "msgspec.json.Decoder[AnyNote]" = msgspec.json.Decoder(AnyNote)


def encode_note(note: Note) -> bytes:
    """The note as it lies in Redis."""
    return _encoder.encode(note)


def decode_note(text: bytes) -> AnyNote | None:
    """The note; None for a kind that only a newer server knows."""
    try:
        return _note.decode(text)
    except msgspec.DecodeError:
        return None
