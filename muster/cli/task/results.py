"""What has come of a task: patches, files, evidence, recordings, the workspace."""

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from muster.cli import fields, raw_output, text_format
from muster.cli.client import Query
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import Trouble
from muster.cli.output import Printed, aged, column, facts, prints, say
from muster.cli.params import a_task, path_of
from muster.cli.request_commands import Given, act, group, listing
from muster.cli.task.show import lines_of

PATCH = {"Accept": "text/x-patch"}
DIFF = Printed(fields.TASK_DIFF, id="taskId")
WORKSPACE = Printed(fields.WORKSPACE, id="taskId")
TUNNEL = Printed(
    fields.TUNNEL,
    (column("STATE"), column("URL"), column("ERROR"), aged("EXPIRES", "expiresAt")),
    id="taskId",
)
TYPED = Printed(
    fields.TERMINAL_INPUT,
    (
        column("ID", "id", is_number=True),
        column("WHO", "developer.name"),
        column("ATTEMPT", is_number=True),
        column("BYTES", is_number=True),
        aged("BEGUN", "begunAt"),
        aged("ENDED", "endedAt"),
    ),
    nothing="Nobody has typed into it.",
)

_COLOURS = (("+++", "bold"), ("---", "bold"), ("diff ", "bold"), ("@@", "cyan"), ("+", "green"))
_output = click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The file; - is standard output."
)


@click.command
@a_task
@click.option("--stat", is_flag=True, help="Only which files, and how many lines.")
@click.option("--stage", type=int, help="What that stage has changed, counted from 0.")
@click.option("--round", "round_", type=int, help="What that round has changed.")
@click.option("--attempt", type=int, help="Up to what that attempt has come to.")
@click.option("--path", metavar="FILE", help="Of that file alone.")
@click.option("-w", "--ignore-whitespace", is_flag=True, help="Only of --stat and --json.")
@pass_muster
@prints(DIFF)
def diff(
    muster: Muster,
    number: int,
    stat: bool,
    stage: int | None,
    round_: int | None,
    attempt: int | None,
    path: str | None,
    ignore_whitespace: bool,
) -> tuple[Any, Callable[[], None]]:
    """What a task has changed, as a patch.

    `git apply` takes it as it is: muster task diff 7 | git apply --index
    """
    of = {"stage": stage, "round": round_, "attempt": attempt, "path": path}
    query = {**of, "ignoreWhitespace": ignore_whitespace or None}
    if stat:
        return _pages(muster, number, query), lambda: _stat(muster, number, query)
    return _pages(muster, number, query), lambda: _patch(muster, number, of)


def _pages(muster: Muster, number: int, query: Query) -> Any:
    """The whole change: what its pages have, as one. Asked for where it is printed alone."""
    offset: int | None = 0
    whole: dict[str, Any] = {}
    while offset is not None:
        page = muster.api.get(path_of(number, "diff"), **query, offset=offset or None)
        whole = {**page, "files": [*whole.get("files", []), *page.get("files", [])]}
        offset = page.get("nextOffset")
    yield whole


def _stat(muster: Muster, number: int, query: Query) -> None:
    for whole in _pages(muster, number, query):
        for file in whole["files"]:
            plus, minus = f"+{file['insertions']}", f"-{file['deletions']}"
            counts = "binary" if file.get("binary") else f"{plus:>6} {minus:>6}"
            old = f"{text_format.one_line(file['oldPath'])} → " if file.get("oldPath") else ""
            click.echo(
                f"{file['status']:<9} {counts:>13}  {old}{text_format.one_line(file['path'])}"
            )
        click.echo(lines_of(whole))


def _patch(muster: Muster, number: int, query: Query) -> None:
    """Print it byte for byte or, on a terminal, in colours and without what would move it."""
    is_shown = sys.stdout.isatty()
    with muster.api.open("GET", path_of(number, "diff"), query, headers=PATCH) as answer:
        if not is_shown:
            raw_output.put(answer.iter_bytes())
            return
        answer.read()
        text = answer.content.decode("utf-8", "replace")
    # Lines as git has them: other separators are characters of a line, and shown in it.
    lines = text.removesuffix("\n").split("\n")
    click.echo_via_pager(f"{painted(line)}\n" for line in lines)


def painted(line: str) -> str:
    """A line of a patch in its colour, with the scripts of identifiers that have several."""
    said = _with_scripts(text_format.plain(line))
    if said.startswith("-") and not said.startswith("---"):
        return click.style(said, fg="red")
    for beginning, style in _COLOURS:
        if said.startswith(beginning):
            return click.style(said, bold=True) if style == "bold" else click.style(said, fg=style)
    return said


def _with_scripts(line: str) -> str:
    from muster.text.mixed_scripts import find_mixed

    for mixed in reversed(find_mixed(line)):
        line = f"{line[: mixed.end]}⟨{'+'.join(mixed.scripts)}⟩{line[mixed.end :]}"
    return line


@click.command
@a_task
@click.argument("path")
@click.option("--commit", metavar="SHA", help="Before or after: a commit that the diff names.")
@_output
@raw_output.a_raw
@pass_muster
def file(
    muster: Muster, number: int, path: str, commit: str | None, output: Path | None, raw: bool
) -> None:
    """A changed file as it is, or was."""
    commit = commit or muster.api.get(path_of(number, "diff"), path=path)["commit"]
    query = {"path": path, "commit": commit}
    _save(muster, path_of(number, "files"), output or Path("-"), query, is_raw=raw)


@click.command
@a_task
@_output
@pass_muster
def evidence(muster: Muster, number: int, output: Path | None) -> None:
    """All that was said of a task, signed.

    It can be checked without the server: muster verify FILE --key KEY.json, of which KEY.json is
    what `muster api /.well-known/muster-evidence.json` says.
    """
    place = output or Path(f"task-{number}-evidence.zip")
    _save(muster, path_of(number, "evidence"), place)
    if str(place) != "-":
        say(f"{place}: {text_format.size(place.stat().st_size)}. Check it: muster verify {place}")


@click.command
@a_task
@click.option("--attempt", type=int, help="By default the latest.")
@_output
@pass_muster
def recording(muster: Muster, number: int, attempt: int | None, output: Path | None) -> None:
    """What the terminal showed, and when: an asciicast, for asciinema play."""
    place = output or Path(f"task-{number}.cast")
    _save(muster, path_of(number, "recording"), place, {"attempt": attempt})
    if str(place) != "-":
        say(f"{place}: play it by asciinema play {place}, or in the console")


def _save(
    muster: Muster, path: str, place: Path, query: Query | None = None, *, is_raw: bool = False
) -> None:
    """Put an answer's bytes into that file, whole or not at all; `-` is standard output."""
    with muster.api.open("GET", path, query) as answer:
        if str(place) == "-":
            raw_output.put(answer.iter_bytes(), is_raw=is_raw)
            return
        # Others may write where it lies, too: a name that they cannot know, and a file that is new,
        # so that no link of theirs leads to one of ours. The last step replaces a link itself.
        draft = place.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with draft.open("xb") as into:
                try:
                    for piece in answer.iter_bytes():
                        into.write(piece)
                    draft.replace(place)
                except BaseException:
                    draft.unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise Trouble(f"{place} cannot be written: {error}") from error


@click.command
@a_task
@pass_muster
@prints(WORKSPACE)
def workspace(muster: Muster, number: int) -> tuple[dict[str, Any], Callable[[], None]]:
    """Where the work lies on its machine."""
    found = muster.api.get(f"/api/web/workspaces/{number}")

    def tell() -> None:
        facts(
            [
                ("state", found.get("state")),
                ("machine", _name_of(muster, found.get("machineId"))),
                ("path", found.get("path")),
                ("branch", found.get("branch")),
                ("base", found.get("baseCommit")),
                ("head", found.get("headCommit")),
                ("change", lines_of(found["diff"]) if found.get("diff") else ""),
                ("not committed", found.get("dirty")),
                ("size", text_format.size(found.get("sizeBytes"))),
            ]
        )

    return found, tell


def _name_of(muster: Muster, machine_id: str | None) -> object:
    return muster.api.get(f"/api/web/machines/{machine_id}")["name"] if machine_id else None


_TUNNEL = "/api/web/workspace-tunnel/{task}"
tunnel = group(
    "tunnel",
    "A way into the workspace: start, stop, status.",
    [
        act(
            "start",
            f"POST {_TUNNEL}/start",
            "Open one, and say where it is once it is there.",
            TUNNEL,
            Given("ttl", "For so many seconds.", "ttlSeconds", click.IntRange(60, 86400)),
        ),
        act("stop", f"POST {_TUNNEL}/stop", "Close it.", TUNNEL),
        act("status", f"GET {_TUNNEL}/status", "How it is.", TUNNEL),
    ],
)
typed = listing(
    "typed", "/api/web/tasks/{task}/terminal-inputs", "Who has typed into the terminal.", TYPED
)
