"""Frames to WebSocket messages and back. Anything else than a known frame is a `BadFrame`."""

import struct
from typing import TypeVar

import msgspec

from muster.protocol.frames import Count, Frame, FromMachine, FromServer, Log

MAX_TEXT = 1 << 20  # characters of a text frame
MAX_DATA = 64 * 1024  # log bytes in one binary frame

# version, task id, attempt, stage, offset, milliseconds; the log bytes follow.
_LOG_HEAD = struct.Struct(">BQIHQQ")
_LOG_VERSION = 1

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_from_machine: "msgspec.json.Decoder[FromMachine]" = msgspec.json.Decoder(FromMachine)
_from_server: "msgspec.json.Decoder[FromServer]" = msgspec.json.Decoder(FromServer)


class _Greeting(msgspec.Struct, tag_field="type", tag="hello"):
    protocol: Count


_greeting = msgspec.json.Decoder(_Greeting)


class BadFrame(ValueError):
    """The message is not a frame of this protocol."""


def encode(frame: Frame) -> str:
    """The frame as a text message."""
    return _encoder.encode(frame).decode()


def encode_log(frame: Log) -> bytes:
    """The frame as a binary message."""
    head = _LOG_HEAD.pack(
        _LOG_VERSION,
        frame.task_id,
        frame.attempt,
        frame.stage_index,
        frame.offset,
        frame.milliseconds,
    )
    return head + frame.data


def decode_from_machine(message: str | bytes) -> FromMachine | Log:
    """The frame in a machine's message. Raises BadFrame."""
    if isinstance(message, bytes):
        return _decode_log(message)
    if "\\u0000" in message:
        message = _without_nul(message)
    return _decode(_from_machine, message)


def version_of(message: str | bytes) -> int | None:
    """The version that a hello names; None for a message that is no hello.

    Nothing else in it is looked at: the hello of a later version may be no frame of ours.
    """
    if isinstance(message, bytes) or len(message) > MAX_TEXT:
        return None
    try:
        return _greeting.decode(message).protocol
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


def decode_from_server(message: str | bytes) -> FromServer:
    """The frame in the server's message. Raises BadFrame."""
    if isinstance(message, bytes):
        raise BadFrame("the server sends no binary frames here")
    return _decode(_from_server, message)


def _decode(decoder: "msgspec.json.Decoder[T]", message: str) -> T:
    if len(message) > MAX_TEXT:
        raise BadFrame(f"frame of {len(message)} characters, at most {MAX_TEXT} are read")
    try:
        return decoder.decode(message)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadFrame(str(error)) from None


def _without_nul(message: str) -> str:
    """The message with its NULs replaced: Postgres stores none, and one must not block reports."""

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
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadFrame(str(error)) from None


def _decode_log(message: bytes) -> Log:
    if len(message) < _LOG_HEAD.size or message[0] != _LOG_VERSION:
        raise BadFrame("not a log frame")
    if len(message) > _LOG_HEAD.size + MAX_DATA:
        raise BadFrame(f"log frame of {len(message)} bytes")
    _, task_id, attempt, stage_index, offset, milliseconds = _LOG_HEAD.unpack_from(message)
    if max(task_id, offset, milliseconds) >= 1 << 62 or attempt >= 1 << 31:
        raise BadFrame("log frame out of range")
    return Log(
        task_id=task_id,
        attempt=attempt,
        stage_index=stage_index,
        offset=offset,
        milliseconds=milliseconds,
        data=message[_LOG_HEAD.size :],
    )
