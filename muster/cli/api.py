"""Any request to the API, as `gh api` has it."""

from typing import IO, Any

import click

from muster.cli import raw_output, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import format_json, info, run_jq, to_json
from muster.cli.params import parse_fields, parse_pair

_CHUNK_BYTES = 1 << 16


@click.command
@click.argument("path")
@click.option("-X", "--method", metavar="VERB", help="GET, or POST where there are fields.")
@click.option(
    "-f", "--raw-field", "raws", multiple=True, metavar="KEY=TEXT", help="A field, a text."
)
@click.option(
    "-F",
    "--field",
    "typed",
    multiple=True,
    metavar="KEY=VALUE",
    help="A field: true, false, null, a number, other JSON; @FILE is what is in it, @- stdin.",
)
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME: VALUE")
@click.option("--input", "file", type=click.File("rb"), help="The body; - is standard input.")
@click.option("--paginate", is_flag=True, help="All pages of a list, as one array.")
@click.option("--jq", "program", metavar="EXPR", help="Put the answer through this jq program.")
@click.option("-i", "--include", is_flag=True, help="Status and headers as well, on stderr.")
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
    """Ask the server's API for anything.

    PATH is as docs/contract.md has it; `tasks/7` is short for `/api/web/tasks/7`. Fields are the
    body or, of a GET, the query.

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
            raise BadUsage("--paginate is for lists, which are got")
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
            raise BadUsage("--jq is for JSON, and the answer is none")
        else:
            raw_output.write_chunks(answer.iter_bytes(_CHUNK_BYTES), is_raw=raw)


def _fetch_all(api: Api, path: str, query: dict[str, str]) -> list[Any]:
    """All items of a list, of cursors or of offsets."""
    found: list[Any] = []
    place: dict[str, object] = {}
    while True:
        page = api.get(path, **{"limit": 200, **query, **place})
        items = page.get("items")
        if not isinstance(items, list):
            raise BadUsage("--paginate is for lists, and the answer is none")
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
        raise BadUsage(f"a header is 'NAME: VALUE', and {text_format.one_line(text)!r} is not")
    return name.strip(), value.strip()
