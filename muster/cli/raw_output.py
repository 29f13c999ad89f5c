"""Foreign bytes on stdout: unchanged in a pipe, sanitized on a terminal."""

import codecs
import sys
from collections.abc import Iterable

import click

from muster.cli import text_format

raw_option = click.option(
    "--raw",
    is_flag=True,
    help="Print exact bytes, including control sequences, even to a terminal.",
)


def write_chunks(pieces: Iterable[bytes], *, is_raw: bool = False) -> None:
    """Write chunks as they arrive; on a terminal without control sequences, unless `is_raw`."""
    if is_raw or not sys.stdout.isatty():
        for piece in pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        return
    decoder, held = codecs.getincrementaldecoder("utf-8")("replace"), ""
    for piece in pieces:
        # By lines, so that sequences are found complete.
        lines, end, held = (held + decoder.decode(piece)).rpartition("\n")
        click.echo(text_format.sanitize(lines + end), nl=False)
    click.echo(text_format.sanitize(held + decoder.decode(b"", final=True)), nl=False)


def sanitize_for_terminal(text: str) -> str:
    """Sanitize a foreign text if stdout is a terminal."""
    return text_format.sanitize(text) if sys.stdout.isatty() else text
