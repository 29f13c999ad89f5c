"""The supported part of SOCKS5 (RFC 1928): no login, CONNECT, names, both kinds of addresses."""

import errno
import struct

from muster.worker.egress.bounded_reader import BoundedReader, Malformed
from muster.worker.egress.hosts import Host, address_from_bytes, parse_host

VERSION = 5
NO_AUTHENTICATION = b"\x05\x00"
NO_ACCEPTABLE_METHOD = b"\x05\xff"

(
    SUCCEEDED,
    GENERAL_FAILURE,
    NOT_ALLOWED,
    HOST_UNREACHABLE,
    CONNECTION_REFUSED,
    TTL_EXPIRED,
    COMMAND_NOT_SUPPORTED,
    ADDRESS_TYPE_NOT_SUPPORTED,
) = (
    0,
    1,
    2,
    4,
    5,
    6,
    7,
    8,
)

_CONNECT = 1
_ADDRESS_SIZES = {1: 4, 4: 16}
_DOMAIN_NAME = 3


class UnsupportedRequest(Malformed):
    """A valid request that isn't supported; `code` is the reply."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def accepts_no_authentication(intake: BoundedReader) -> bool:
    """Read the greeting; return whether the client accepts no login. Raises ClientDisconnected."""
    _, count = intake.read(2)
    return 0 in intake.read(count)


def read_target(intake: BoundedReader) -> tuple[Host, int]:
    """Read the request. Raises UnsupportedRequest, Malformed, ClientDisconnected."""
    version, command, _, kind = intake.read(4)
    if version != VERSION:
        raise Malformed("this isn't SOCKS5")
    if command != _CONNECT:
        raise UnsupportedRequest("only CONNECT is supported", COMMAND_NOT_SUPPORTED)
    if kind == _DOMAIN_NAME:
        text = intake.read(intake.read(1)[0])
    elif kind in _ADDRESS_SIZES:
        text = intake.read(_ADDRESS_SIZES[kind])
    else:
        raise UnsupportedRequest("an address of an unknown kind", ADDRESS_TYPE_NOT_SUPPORTED)
    (port,) = struct.unpack("!H", intake.read(2))
    try:
        host = (
            parse_host(text.decode("ascii")) if kind == _DOMAIN_NAME else address_from_bytes(text)
        )
    except ValueError as error:
        raise UnsupportedRequest(str(error), NOT_ALLOWED) from None
    return host, port


def build_reply(code: int) -> bytes:
    """Return the reply with a zero address, because our own isn't revealed."""
    return bytes((VERSION, code, 0, 1)) + bytes(6)


def reply_code_for(number: int) -> int:
    """Return the reply for an errno."""
    codes = {errno.ECONNREFUSED: CONNECTION_REFUSED, errno.ETIMEDOUT: TTL_EXPIRED}
    return codes.get(number, HOST_UNREACHABLE)
