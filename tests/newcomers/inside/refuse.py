"""`refuse.py WHAT… -- COMMAND…`: runs a command for which the kernel refuses what is named.

`user-namespaces` is what the usual profile of containers refuses, `ipv6` what a kernel without it.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
LOAD, JUMP_IF_EQUAL, JUMP_IF_SET, RETURN = 0x20, 0x15, 0x45, 0x06
NUMBER, FIRST_ARGUMENT = 0, 16  # offsets in struct seccomp_data; the argument's lower half
ALLOW, FAIL = 0x7FFF0000, 0x00050000
CLONE_NEWUSER = 0x10000000
AF_INET6 = 10
NUMBERS = {
    "x86_64": {"clone": 56, "unshare": 272, "clone3": 435, "socket": 41},
    "aarch64": {"clone": 220, "unshare": 97, "clone3": 435, "socket": 198},
}[platform.machine()]

Instruction = tuple[int, int, int, int]


def fail_if(call: str, test: int, value: int, error: int) -> list[Instruction]:
    """Fail a call whose first argument passes the test."""
    return [
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 3, NUMBERS[call]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (test, 0, 1, value),
        (RETURN, 0, 0, FAIL | error),
    ]


def fail(call: str, error: int) -> list[Instruction]:
    return [
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 1, NUMBERS[call]),
        (RETURN, 0, 0, FAIL | error),
    ]


PROGRAMS = {
    "user-namespaces": [
        *fail_if("unshare", JUMP_IF_SET, CLONE_NEWUSER, errno.EPERM),
        *fail_if("clone", JUMP_IF_SET, CLONE_NEWUSER, errno.EPERM),
        # Its arguments can't be seen: libraries fall back to clone.
        *fail("clone3", errno.ENOSYS),
    ],
    "ipv6": fail_if("socket", JUMP_IF_EQUAL, AF_INET6, errno.EAFNOSUPPORT),
}


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def install(instructions: list[Instruction]) -> None:
    """Have the kernel apply a filter to this process and all that it starts."""
    code = b"".join(struct.pack("=HBBI", *each) for each in instructions)
    program = Program(len(instructions), code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECCOMP)")


split = sys.argv.index("--")
for name in sys.argv[1:split]:
    install([*PROGRAMS[name], (RETURN, 0, 0, ALLOW)])
os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])
