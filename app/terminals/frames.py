"""Conversion between socket messages and frames; and notes, which processes add to output
streams.
"""

from typing import TypeVar

import msgspec

from app.terminals.websocket import MessageTooBig
from muster.protocol import codec
from muster.protocol.terminal import MAX_FRAME_BYTES, FromPtyMachine, FromViewer, TerminalFrame

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_viewer_decoder: "msgspec.json.Decoder[FromViewer]" = msgspec.json.Decoder(FromViewer)
_machine_decoder: "msgspec.json.Decoder[FromPtyMachine]" = msgspec.json.Decoder(FromPtyMachine)


def encode(frame: TerminalFrame) -> str:
    """Encode the frame as a text message."""
    return _encoder.encode(frame).decode()


def decode_from_viewer(message: str | bytes) -> FromViewer | bytes:
    """Decode a viewer's message: a frame, or typed bytes. Raises BadFrame, MessageTooBig."""
    return _decode(_viewer_decoder, message, MAX_FRAME_BYTES)


def decode_from_machine(message: str | bytes) -> FromPtyMachine | bytes:
    """Decode a machine's message: a frame, or output. Only a screen's text may be large.

    Raises BadFrame, MessageTooBig.
    """
    return _decode(_machine_decoder, message, codec.MAX_TEXT_CHARS)


def _decode(decoder: "msgspec.json.Decoder[T]", message: str | bytes, longest: int) -> T | bytes:
    if len(message) > (MAX_FRAME_BYTES if isinstance(message, bytes) else longest):
        raise MessageTooBig
    if isinstance(message, bytes):
        return message
    try:
        return decoder.decode(message)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise codec.BadFrame(str(error)) from None


# ---- notes ---------------------------------------------------------------------------------------


class Note(msgspec.Struct, tag_field="kind", frozen=True):
    """Base of all notes, which are between the bytes of an output stream. `app.wakeups` writes
    `Exited`.
    """


class Resized(Note, tag="resized", frozen=True):
    """The terminal has another size from here on."""

    cols: int
    rows: int


class ScreenStored(Note, tag="drawn", frozen=True):
    """A screen from the machine was stored in Redis."""


class ControlTaken(Note, tag="taken", frozen=True):
    """The viewer with that ID took control: it alone controls the terminal now. `by`: its name."""

    viewer: str
    by: str


class ViewersChanged(Note, tag="looking", frozen=True):
    """The viewers, or their modes, have changed; they are in Redis."""


class Exited(Note, tag="exited", frozen=True):
    """A stage's process has ended, after the byte at `log_end`."""

    code: int
    stage_index: int
    log_end: int


class ShellEnded(Note, tag="shell_ended", frozen=True):
    """The shell has ended here, for that reason. The next viewer starts another."""

    reason: str


AnyNote = Resized | ScreenStored | ControlTaken | ViewersChanged | Exited | ShellEnded
_note_decoder: "msgspec.json.Decoder[AnyNote]" = msgspec.json.Decoder(AnyNote)


def encode_note(note: Note) -> bytes:
    """Encode the note for Redis."""
    return _encoder.encode(note)


def decode_note(text: bytes) -> AnyNote | None:
    """Decode the note; None for a kind that only a newer server knows."""
    try:
        return _note_decoder.decode(text)
    except msgspec.DecodeError:
        return None
