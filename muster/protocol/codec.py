"""Encode and decode frames as WebSocket messages. An unknown message raises `BadFrame`.

Values that are too long are truncated if possible (`bounds`), so that older peers' frames are
accepted.
"""

import struct
from typing import TypeVar

import msgspec

from muster.protocol import bounds
from muster.protocol.bounds import MAX_DATA_BYTES, MAX_TEXT_CHARS, Big, Count
from muster.protocol.frames import Frame, FromMachine, FromServer, Log

__all__ = [
    "MAX_DATA_BYTES",
    "MAX_TEXT_CHARS",
    "BadFrame",
    "BadReport",
    "decode_from_machine",
    "decode_from_server",
    "encode",
    "encode_log",
    "hello_version",
]

# version, task id, attempt, stage, offset, milliseconds; the log bytes follow.
_LOG_HEADER = struct.Struct(">BQIHQQ")
_LOG_VERSION = 1

T = TypeVar("T")

_MAX_REASON_CHARS = 500  # the reason may quote the message
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeEncodeError, RecursionError, OverflowError)

_encoder = msgspec.json.Encoder()
_machine_decoder: "msgspec.json.Decoder[FromMachine]" = msgspec.json.Decoder(FromMachine)
_server_decoder: "msgspec.json.Decoder[FromServer]" = msgspec.json.Decoder(FromServer)


class _HelloVersion(msgspec.Struct, tag_field="type", tag="hello"):
    protocol: Count


_hello_decoder = msgspec.json.Decoder(_HelloVersion)


class _Envelope(msgspec.Struct, tag_field="type", tag="report", rename="camel"):
    seq: Big
    task_id: Big = 0
    attempt: Count = 0


_envelope_decoder = msgspec.json.Decoder(_Envelope)


class BadFrame(ValueError):
    """The message isn't a frame of this protocol."""


class BadReport(BadFrame):
    """The message is a numbered report, but its body is unknown or out of bounds.

    It must not block the reports after it.
    """

    def __init__(self, why: str, seq: int, task_id: int, attempt: int) -> None:
        super().__init__(why)
        self.seq, self.task_id, self.attempt = seq, task_id, attempt


def encode(frame: Frame) -> str:
    """Encode a frame as a text message."""
    return _encoder.encode(frame).decode()


def encode_log(frame: Log) -> bytes:
    """Encode a frame as a binary message."""
    head = _LOG_HEADER.pack(
        _LOG_VERSION,
        frame.task_id,
        frame.attempt,
        frame.stage_index,
        frame.offset,
        frame.milliseconds,
    )
    return head + frame.data


def decode_from_machine(message: str | bytes) -> FromMachine | Log:
    """Decode a machine's message. Raises BadFrame, or BadReport for a report to skip."""
    if isinstance(message, bytes):
        return _decode_log(message)
    if "\\u0000" in message:
        message = _replace_nuls(message)
    try:
        return _decode(_machine_decoder, message)
    except BadFrame as error:
        raise _classify_bad_frame(message, str(error)) from None


def hello_version(message: str | bytes) -> int | None:
    """Return a hello's protocol version; None if the message isn't a hello.

    Ignores all other fields: a later version's hello may not be one of our frames.
    """
    if isinstance(message, bytes) or len(message) > MAX_TEXT_CHARS:
        return None
    try:
        return _hello_decoder.decode(message).protocol
    except _DECODE_ERRORS:
        return None


def decode_from_server(message: str | bytes) -> FromServer:
    """Decode the server's message. Raises BadFrame."""
    if isinstance(message, bytes):
        raise BadFrame("the server sends no binary frames here")
    return _decode(_server_decoder, message)


def _decode(decoder: "msgspec.json.Decoder[T]", message: str) -> T:
    if len(message) > MAX_TEXT_CHARS:
        raise BadFrame(f"frame of {len(message)} characters exceeds {MAX_TEXT_CHARS}")
    try:
        try:
            return decoder.decode(message)
        except msgspec.ValidationError:
            return bounds.decode_truncated(decoder, message)
    except _DECODE_ERRORS as error:
        raise BadFrame(str(error)[:_MAX_REASON_CHARS]) from None


def _classify_bad_frame(message: str, why: str) -> BadFrame:
    if len(message) <= MAX_TEXT_CHARS:
        try:
            envelope = _envelope_decoder.decode(message)
        except _DECODE_ERRORS:
            return BadFrame(why)
        return BadReport(why, envelope.seq, envelope.task_id, envelope.attempt)
    return BadFrame(why)


def _replace_nuls(message: str) -> str:
    """Replace NULs: Postgres can't store them, and one must not block reports."""

    def clean(value: object) -> object:
        if isinstance(value, str):
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        if isinstance(value, list):
            return [clean(part) for part in value]
        if isinstance(value, dict):
            return {clean(name): clean(part) for name, part in value.items()}
        return value

    try:
        return msgspec.json.encode(clean(msgspec.json.decode(message))).decode()
    except _DECODE_ERRORS as error:
        raise BadFrame(str(error)) from None


def _decode_log(message: bytes) -> Log:
    if len(message) < _LOG_HEADER.size or message[0] != _LOG_VERSION:
        raise BadFrame("not a log frame")
    if len(message) > _LOG_HEADER.size + MAX_DATA_BYTES:
        raise BadFrame(f"log frame of {len(message)} bytes is too large")
    _, task_id, attempt, stage_index, offset, milliseconds = _LOG_HEADER.unpack_from(message)
    if max(task_id, offset, milliseconds) >= 1 << 62 or attempt >= 1 << 31:
        raise BadFrame("log frame out of range")
    return Log(
        task_id=task_id,
        attempt=attempt,
        stage_index=stage_index,
        offset=offset,
        milliseconds=milliseconds,
        data=message[_LOG_HEADER.size :],
    )
