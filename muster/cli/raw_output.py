"""Bytes of others on standard output: as they are in a pipe, as plain text on a terminal."""

import codecs
import sys
from collections.abc import Iterable

import click

from muster.cli import text_format

raw_option = click.option(
    "--raw", is_flag=True, help="Byte for byte also on a terminal, which obeys what is in it."
)


def write_chunks(pieces: Iterable[bytes], *, is_raw: bool = False) -> None:
    """Write them as they come. What speaks to a terminal is left out where there is one."""
    if is_raw or not sys.stdout.isatty():
        for piece in pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        return
    decoder, held = codecs.getincrementaldecoder("utf-8")("replace"), ""
    for piece in pieces:
        # By lines, so that a sequence is found whole.
        lines, end, held = (held + decoder.decode(piece)).rpartition("\n")
        click.echo(text_format.sanitize(lines + end), nl=False)
    click.echo(text_format.sanitize(held + decoder.decode(b"", final=True)), nl=False)


def sanitize_for_terminal(text: str) -> str:
    """A text of others as it may be printed."""
    return text_format.sanitize(text) if sys.stdout.isatty() else text
