"""SOCKS5 (RFC 1928) as far as it is served: no login, CONNECT, names, both kinds of addresses."""

import errno
import struct

from muster.worker.egress.bounded_reader import Intake, Malformed
from muster.worker.egress.hosts import Host, address_from, host_from

VERSION = 5
NO_LOGIN = b"\x05\x00"
NO_WAY_IN = b"\x05\xff"

DONE, FAILED, NOT_ALLOWED, NO_HOST, NOT_LISTENING, TIMED_OUT, NO_COMMAND, NO_KIND = (
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
_SIZES = {1: 4, 4: 16}
_NAME = 3


class Unserved(Malformed):
    """A request that is understood and not served; `code` is the reply."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def takes_no_login(intake: Intake) -> bool:
    """Reads the greeting; whether the client would go on without a login. Raises HungUp."""
    _, count = intake.take(2)
    return 0 in intake.take(count)


def target(intake: Intake) -> tuple[Host, int]:
    """Reads the request. Raises Unserved, Malformed, HungUp."""
    version, command, _, kind = intake.take(4)
    if version != VERSION:
        raise Malformed("not SOCKS5")
    if command != _CONNECT:
        raise Unserved("only CONNECT is served", NO_COMMAND)
    if kind == _NAME:
        text = intake.take(intake.take(1)[0])
    elif kind in _SIZES:
        text = intake.take(_SIZES[kind])
    else:
        raise Unserved("an address of an unknown kind", NO_KIND)
    (port,) = struct.unpack("!H", intake.take(2))
    try:
        host = host_from(text.decode("ascii")) if kind == _NAME else address_from(text)
    except ValueError as error:
        raise Unserved(str(error), NOT_ALLOWED) from None
    return host, port


def reply(code: int) -> bytes:
    """The address that we connect from is nobody's business, so it is zero."""
    return bytes((VERSION, code, 0, 1)) + bytes(6)


def code_of(number: int) -> int:
    """The reply for an errno."""
    codes = {errno.ECONNREFUSED: NOT_LISTENING, errno.ETIMEDOUT: TIMED_OUT}
    return codes.get(number, NO_HOST)
