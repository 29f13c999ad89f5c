"""`muster api`: any request to the API, like `gh api`."""

from typing import IO, Any

import click

from muster.cli import raw_output, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.json_output import format_json, run_jq, to_json
from muster.cli.output import info
from muster.cli.params import parse_fields, parse_pair

_CHUNK_BYTES = 1 << 16


@click.command
@click.argument("path")
@click.option(
    "-X", "--method", metavar="VERB", help="HTTP method (default: GET, or POST with fields)."
)
@click.option(
    "-f", "--raw-field", "raws", multiple=True, metavar="KEY=TEXT", help="Set a text field."
)
@click.option(
    "-F",
    "--field",
    "typed",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a field (JSON or text); @FILE reads the value from a file, @- from stdin.",
)
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME: VALUE")
@click.option("--input", "file", type=click.File("rb"), help="File with the body; - for stdin.")
@click.option("--paginate", is_flag=True, help="Fetch all pages of a list as one array.")
@click.option(
    "--jq", "program", metavar="EXPR", help="Filter the response through this jq program."
)
@click.option("-i", "--include", is_flag=True, help="Also print status and headers, to stderr.")
@raw_output.raw_option
@pass_muster
def api(
    muster: Muster,
    path: str,
    method: str | None,
    raws: tuple[str, ...],
    typed: tuple[str, ...],
    headers: tuple[str, ...],
    file: IO[bytes] | None,
    paginate: bool,
    program: str | None,
    include: bool,
    raw: bool,
) -> None:
    """Send any request to the server's API.

    PATH is a path from docs/contract.md; `tasks/7` is short for `/api/web/tasks/7`. Fields become
    the body or, for GET, the query.

    \b
      muster api tasks -X GET -f status=failed --paginate --jq '.[].id'
      muster api tasks/7/cancel -X POST
      muster api /api/admin/settings -X PUT -F maxLogMegabytes=100
    """
    fields = {**dict(map(parse_pair, raws)), **parse_fields(typed)}
    verb = (method or ("POST" if fields or file else "GET")).upper()
    where = path if path.startswith("/") else f"/api/web/{path}"
    extra = dict(_parse_header(text) for text in headers)
    if paginate:
        if verb != "GET":
            raise BadUsage("--paginate works only with GET.")
        query = {name: _value_text(value) for name, value in fields.items()}
        _print_json(_fetch_all(muster.api, where, query), program)
        return
    query = {name: _value_text(value) for name, value in fields.items()} if verb == "GET" else {}
    body = fields if fields and verb != "GET" else None
    content = file.read() if file else None
    if content is not None or (body is None and verb in ("POST", "PUT")):
        extra = {"Content-Type": "application/json"} | extra
    with muster.api.open(verb, where, query, body, extra, content=content) as answer:
        if include:
            info(f"{answer.status_code} {answer.reason_phrase}")
            info("".join(f"{n}: {v}\n" for n, v in answer.headers.items()))
        if "json" in answer.headers.get("Content-Type", ""):
            answer.read()
            _print_json(answer.json(), program)
        elif program:
            raise BadUsage("--jq needs a JSON response.")
        else:
            raw_output.write_chunks(answer.iter_bytes(_CHUNK_BYTES), is_raw=raw)


def _fetch_all(api: Api, path: str, query: dict[str, str]) -> list[Any]:
    """Return all items of a list that is paged by cursor or by offset."""
    found: list[Any] = []
    place: dict[str, object] = {}
    while True:
        page = api.get(path, **{"limit": 200, **query, **place})
        items = page.get("items")
        if not isinstance(items, list):
            raise BadUsage("--paginate needs a list response.")
        found += items
        if page.get("nextCursor"):
            place = {"cursor": page["nextCursor"]}
        elif items and page.get("total", 0) > page.get("offset", 0) + len(items):
            place = {"offset": page["offset"] + len(items)}
        else:
            return found


def _print_json(value: object, program: str | None) -> None:
    if program is None:
        click.echo(format_json(value))
        return
    for line in run_jq(program, value):
        click.echo(line)


def _value_text(value: object) -> str:
    return value if isinstance(value, str) else to_json(value)


def _parse_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise BadUsage(f"{text_format.one_line(text)!r} isn't NAME: VALUE.")
    return name.strip(), value.strip()
