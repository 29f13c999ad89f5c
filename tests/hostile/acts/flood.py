"""flood.py KIND: what a terminal should not be sent, and then what it was, in numbers."""

import os
import random
import select
import sys
import termios
import tty

ESC = b"\x1b"
dice = random.Random(7)


def noise(size: int) -> bytes:
    return dice.randbytes(size).replace(b"\x13", b"").replace(b"\x11", b"")


KINDS = {
    "noise": lambda: noise(8 << 20),
    "strings without end": lambda: b"".join(
        ESC + opener + b"x" * (2 << 20) for opener in (b"]0;", b"P", b"_", b"^", b"X", b"]52;c;")
    ),
    "numbers without end": lambda: (ESC + b"[" + b"9" * 4096 + b";" * 4096 + b"m") * 64,
    "sizes": lambda: (
        b"".join(
            ESC + f"[8;{rows};{cols}t".encode()
            for rows in (0, 1, 65535, 99999999)
            for cols in (0, 65535)
        )
        * 50
    ),
    "repeats": lambda: (b"x" + ESC + b"[999999999b") * 200,
    "moves": lambda: (
        b"".join(
            ESC + b"[%d%s" % (dice.randrange(1 << 31), bytes([letter]))
            for letter in b"@ABCDEFGHIJKLMPSTXZ`adefghlmnr"
        )
        * 200
    ),
    "modes": lambda: b"".join(ESC + b"[?%d%s" % (n, c) for n in range(3000) for c in (b"h", b"l")),
    "broken characters": lambda: b"\xf4\x90\x80\x80\xed\xa0\x80\xc0\xaf\xff\xfe" * 40_000,
    "marks upon marks": lambda: b"a" + "\u0301".encode() * 400_000,
    "alternate screens": lambda: (ESC + b"[?1049h" + b"x" * 100 + ESC + b"[?1049l") * 5_000,
    "regions": lambda: (ESC + b"[5;3r" + ESC + b"[0;99999r" + b"\n" * 50 + ESC + b"M" * 50) * 2_000,
    "tabs": lambda: (b"\t" * 300 + ESC + b"H" + ESC + b"[3g") * 2_000,
}
QUERIES = (
    b"\x1b[c\x1b[>c\x1b[=c\x1b[5n\x1b[6n\x1b[?6n\x1b[18t\x1b[20t\x1b[21t"
    b"\x1b]0;echo hacked\r\x07\x1b[21t"
    b'\x1b]10;?\x07\x1b]11;?\x1b\\\x1b]4;1;?\x07\x1b]52;c;?\x07\x1bP$q"p\x1b\\\x1bP+q544e\x1b\\\x05'
    b"\x1b[?1;2$p\x1b[x\x1b[?15n\x1b[?u\x1b[>q"
)

mode = termios.tcgetattr(1)
tty.setraw(1)
sent = QUERIES if sys.argv[1] == "queries" else KINDS[sys.argv[1]]()
rest = memoryview(sent)
while rest:
    rest = rest[os.write(1, rest) :]
if sys.argv[1] == "queries":
    ready, _, _ = select.select([0], [], [], 2.0)
    answer = os.read(0, 4096) if ready else b""
    os.write(1, b"answered " + answer.hex().encode() + b".")
# Whoever types the next line finds a terminal that takes it.
termios.tcsetattr(1, termios.TCSADRAIN, mode)
os.write(1, ESC + b"\\" + ESC + b"c" + b"the flood is over\n")
