"""A task's results: patches, files, evidence, recordings, the workspace."""

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from muster.cli import fields, raw_output, text_format
from muster.cli.client import Query
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import CliError
from muster.cli.output import OutputSpec, age_column, column, info, outputs, print_facts
from muster.cli.params import task_argument, task_path
from muster.cli.request_commands import Option, action_command, group, list_command
from muster.cli.task.show import change_summary

PATCH_HEADERS = {"Accept": "text/x-patch"}
DIFF = OutputSpec(fields.TASK_DIFF, id_field="taskId")
WORKSPACE = OutputSpec(fields.WORKSPACE, id_field="taskId")
TUNNEL = OutputSpec(
    fields.TUNNEL,
    (column("STATE"), column("URL"), column("ERROR"), age_column("EXPIRES", "expiresAt")),
    id_field="taskId",
)
INPUTS = OutputSpec(
    fields.TERMINAL_INPUT,
    (
        column("ID", "id", is_number=True),
        column("WHO", "developer.name"),
        column("ATTEMPT", is_number=True),
        column("BYTES", is_number=True),
        age_column("STARTED", "startedAt"),
        age_column("ENDED", "endedAt"),
    ),
    empty_message="No terminal input.",
)

_COLORS = (("+++", "bold"), ("---", "bold"), ("diff ", "bold"), ("@@", "cyan"), ("+", "green"))
_output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Output file; - for stdout."
)


@click.command
@task_argument
@click.option("--stat", is_flag=True, help="Only show files and line counts.")
@click.option("--stage", type=int, help="Only the changes of this stage, counted from 0.")
@click.option("--round", "round_", type=int, help="Only this round's changes.")
@click.option("--attempt", type=int, help="Changes up to this attempt.")
@click.option("--path", metavar="FILE", help="Only this file's changes.")
@click.option(
    "-w",
    "--ignore-whitespace",
    is_flag=True,
    help="Ignore whitespace (with --stat or --json only).",
)
@pass_muster
@outputs(DIFF)
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
    """Show a task's changes as a patch.

    You can apply it with git: muster task diff 7 | git apply --index
    """
    of = {"stage": stage, "round": round_, "attempt": attempt, "path": path}
    query = {**of, "ignoreWhitespace": ignore_whitespace or None}
    if stat:
        return _fetch_diff(muster, number, query), lambda: _print_stat(muster, number, query)
    return _fetch_diff(muster, number, query), lambda: _print_patch(muster, number, of)


def _fetch_diff(muster: Muster, number: int, query: Query) -> Any:
    """Yield the complete change, merged from its pages; fetched only when it's printed."""
    offset: int | None = 0
    whole: dict[str, Any] = {}
    while offset is not None:
        page = muster.api.get(task_path(number, "diff"), **query, offset=offset or None)
        whole = {**page, "files": [*whole.get("files", []), *page.get("files", [])]}
        offset = page.get("nextOffset")
    yield whole


def _print_stat(muster: Muster, number: int, query: Query) -> None:
    for whole in _fetch_diff(muster, number, query):
        for file in whole["files"]:
            plus, minus = f"+{file['insertions']}", f"-{file['deletions']}"
            counts = "binary" if file.get("binary") else f"{plus:>6} {minus:>6}"
            old = f"{text_format.one_line(file['oldPath'])} → " if file.get("oldPath") else ""
            click.echo(
                f"{file['status']:<9} {counts:>13}  {old}{text_format.one_line(file['path'])}"
            )
        click.echo(change_summary(whole))


def _print_patch(muster: Muster, number: int, query: Query) -> None:
    """Print the exact patch or, on a terminal, a colored and sanitized one."""
    is_shown = sys.stdout.isatty()
    with muster.api.open("GET", task_path(number, "diff"), query, headers=PATCH_HEADERS) as answer:
        if not is_shown:
            raw_output.write_chunks(answer.iter_bytes())
            return
        answer.read()
        text = answer.content.decode("utf-8", "replace")
    # Split lines as git does: other separators are characters of a line.
    lines = text.removesuffix("\n").split("\n")
    click.echo_via_pager(f"{style_patch_line(line)}\n" for line in lines)


def style_patch_line(line: str) -> str:
    """Color a patch line, and mark identifiers that mix scripts."""
    text = _mark_mixed_scripts(text_format.sanitize(line))
    if text.startswith("-") and not text.startswith("---"):
        return click.style(text, fg="red")
    for beginning, style in _COLORS:
        if text.startswith(beginning):
            return click.style(text, bold=True) if style == "bold" else click.style(text, fg=style)
    return text


def _mark_mixed_scripts(line: str) -> str:
    from muster.text.mixed_scripts import find_mixed

    for mixed in reversed(find_mixed(line)):
        line = f"{line[: mixed.end]}⟨{'+'.join(mixed.scripts)}⟩{line[mixed.end :]}"
    return line


@click.command
@task_argument
@click.argument("path")
@click.option("--commit", metavar="SHA", help="A commit from the diff: before or after the change.")
@_output_option
@raw_output.raw_option
@pass_muster
def file(
    muster: Muster, number: int, path: str, commit: str | None, output: Path | None, raw: bool
) -> None:
    """Print a changed file, after or before the change."""
    commit = commit or muster.api.get(task_path(number, "diff"), path=path)["commit"]
    query = {"path": path, "commit": commit}
    _save_response(muster, task_path(number, "files"), output or Path("-"), query, is_raw=raw)


@click.command
@task_argument
@_output_option
@pass_muster
def evidence(muster: Muster, number: int, output: Path | None) -> None:
    """Download a task's signed evidence.

    You can verify it without the server: muster verify FILE --key KEY.json. Get KEY.json with
    `muster api /.well-known/muster-evidence.json`.
    """
    place = output or Path(f"task-{number}-evidence.zip")
    _save_response(muster, task_path(number, "evidence"), place)
    if str(place) != "-":
        info(
            f"{place}: {text_format.format_size(place.stat().st_size)}. "
            f"Verify it: muster verify {place}"
        )


@click.command
@task_argument
@click.option("--attempt", type=int, help="Attempt (default: the latest).")
@_output_option
@pass_muster
def recording(muster: Muster, number: int, attempt: int | None, output: Path | None) -> None:
    """Download a terminal recording in asciicast format, for asciinema."""
    place = output or Path(f"task-{number}.cast")
    _save_response(muster, task_path(number, "recording"), place, {"attempt": attempt})
    if str(place) != "-":
        info(f"{place}: play it with asciinema play {place}, or in the console")


def _save_response(
    muster: Muster, path: str, place: Path, query: Query | None = None, *, is_raw: bool = False
) -> None:
    """Save a response to a file atomically; `-` is stdout. Raises CliError."""
    with muster.api.open("GET", path, query) as answer:
        if str(place) == "-":
            raw_output.write_chunks(answer.iter_bytes(), is_raw=is_raw)
            return
        # Other users may be able to write to this directory: an unguessable name and a new file
        # keep their links from redirecting the write. The rename replaces a link itself.
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
            raise CliError(f"Can't write {place}: {error}") from error


@click.command
@task_argument
@pass_muster
@outputs(WORKSPACE)
def workspace(muster: Muster, number: int) -> tuple[dict[str, Any], Callable[[], None]]:
    """Show a task's workspace on its machine."""
    found = muster.api.get(f"/api/web/workspaces/{number}")

    def print_workspace() -> None:
        print_facts(
            [
                ("state", found.get("state")),
                ("machine", _machine_name(muster, found.get("machineId"))),
                ("path", found.get("path")),
                ("branch", found.get("branch")),
                ("base", found.get("baseCommit")),
                ("head", found.get("headCommit")),
                ("change", change_summary(found["diff"]) if found.get("diff") else ""),
                ("uncommitted", found.get("dirty")),
                ("size", text_format.format_size(found.get("sizeBytes"))),
            ]
        )

    return found, print_workspace


def _machine_name(muster: Muster, machine_id: str | None) -> object:
    return muster.api.get(f"/api/web/machines/{machine_id}")["name"] if machine_id else None


_TUNNEL = "/api/web/workspace-tunnel/{task}"
tunnel = group(
    "tunnel",
    "Start, stop or check a tunnel to the workspace.",
    [
        action_command(
            "start",
            f"POST {_TUNNEL}/start",
            "Open a tunnel and print its URL once it's ready.",
            TUNNEL,
            Option("ttl", "Lifetime in seconds.", "ttlSeconds", click.IntRange(60, 86400)),
            done="Opening a tunnel to #{task}.",
            is_shown=True,
        ),
        action_command(
            "stop",
            f"POST {_TUNNEL}/stop",
            "Close the tunnel.",
            TUNNEL,
            done="Closing the tunnel to #{task}.",
        ),
        action_command("status", f"GET {_TUNNEL}/status", "Show the tunnel's status.", TUNNEL),
    ],
)
inputs = list_command(
    "inputs", "/api/web/tasks/{task}/terminal-inputs", "List who typed into the terminal.", INPUTS
)
