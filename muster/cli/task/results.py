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
    empty_message="Nobody has typed into it.",
)

_COLORS = (("+++", "bold"), ("---", "bold"), ("diff ", "bold"), ("@@", "cyan"), ("+", "green"))
_output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The file; - is standard output."
)


@click.command
@task_argument
@click.option("--stat", is_flag=True, help="Only which files, and how many lines.")
@click.option("--stage", type=int, help="What that stage has changed, counted from 0.")
@click.option("--round", "round_", type=int, help="What that round has changed.")
@click.option("--attempt", type=int, help="Up to what that attempt has come to.")
@click.option("--path", metavar="FILE", help="Of that file alone.")
@click.option("-w", "--ignore-whitespace", is_flag=True, help="Only of --stat and --json.")
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
    """What a task has changed, as a patch.

    `git apply` takes it as it is: muster task diff 7 | git apply --index
    """
    of = {"stage": stage, "round": round_, "attempt": attempt, "path": path}
    query = {**of, "ignoreWhitespace": ignore_whitespace or None}
    if stat:
        return _fetch_diff(muster, number, query), lambda: _print_stat(muster, number, query)
    return _fetch_diff(muster, number, query), lambda: _print_patch(muster, number, of)


def _fetch_diff(muster: Muster, number: int, query: Query) -> Any:
    """The whole change: what its pages have, as one. Asked for where it is printed alone."""
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
    """Print it byte for byte or, on a terminal, in colours and without what would move it."""
    is_shown = sys.stdout.isatty()
    with muster.api.open("GET", task_path(number, "diff"), query, headers=PATCH_HEADERS) as answer:
        if not is_shown:
            raw_output.write_chunks(answer.iter_bytes())
            return
        answer.read()
        text = answer.content.decode("utf-8", "replace")
    # Lines as git has them: other separators are characters of a line, and shown in it.
    lines = text.removesuffix("\n").split("\n")
    click.echo_via_pager(f"{style_patch_line(line)}\n" for line in lines)


def style_patch_line(line: str) -> str:
    """A line of a patch in its colour, with the scripts of identifiers that have several."""
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
@click.option("--commit", metavar="SHA", help="Before or after: a commit that the diff names.")
@_output_option
@raw_output.raw_option
@pass_muster
def file(
    muster: Muster, number: int, path: str, commit: str | None, output: Path | None, raw: bool
) -> None:
    """A changed file as it is, or was."""
    commit = commit or muster.api.get(task_path(number, "diff"), path=path)["commit"]
    query = {"path": path, "commit": commit}
    _save_response(muster, task_path(number, "files"), output or Path("-"), query, is_raw=raw)


@click.command
@task_argument
@_output_option
@pass_muster
def evidence(muster: Muster, number: int, output: Path | None) -> None:
    """All that was said of a task, signed.

    It can be checked without the server: muster verify FILE --key KEY.json, of which KEY.json is
    what `muster api /.well-known/muster-evidence.json` says.
    """
    place = output or Path(f"task-{number}-evidence.zip")
    _save_response(muster, task_path(number, "evidence"), place)
    if str(place) != "-":
        info(
            f"{place}: {text_format.format_size(place.stat().st_size)}. "
            f"Check it: muster verify {place}"
        )


@click.command
@task_argument
@click.option("--attempt", type=int, help="By default the latest.")
@_output_option
@pass_muster
def recording(muster: Muster, number: int, attempt: int | None, output: Path | None) -> None:
    """What the terminal showed, and when: an asciicast, for asciinema play."""
    place = output or Path(f"task-{number}.cast")
    _save_response(muster, task_path(number, "recording"), place, {"attempt": attempt})
    if str(place) != "-":
        info(f"{place}: play it by asciinema play {place}, or in the console")


def _save_response(
    muster: Muster, path: str, place: Path, query: Query | None = None, *, is_raw: bool = False
) -> None:
    """Put an answer's bytes into that file, whole or not at all; `-` is standard output."""
    with muster.api.open("GET", path, query) as answer:
        if str(place) == "-":
            raw_output.write_chunks(answer.iter_bytes(), is_raw=is_raw)
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
            raise CliError(f"{place} cannot be written: {error}") from error


@click.command
@task_argument
@pass_muster
@outputs(WORKSPACE)
def workspace(muster: Muster, number: int) -> tuple[dict[str, Any], Callable[[], None]]:
    """Where the work lies on its machine."""
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
                ("not committed", found.get("dirty")),
                ("size", text_format.format_size(found.get("sizeBytes"))),
            ]
        )

    return found, print_workspace


def _machine_name(muster: Muster, machine_id: str | None) -> object:
    return muster.api.get(f"/api/web/machines/{machine_id}")["name"] if machine_id else None


_TUNNEL = "/api/web/workspace-tunnel/{task}"
tunnel = group(
    "tunnel",
    "A way into the workspace: start, stop, status.",
    [
        action_command(
            "start",
            f"POST {_TUNNEL}/start",
            "Open one, and say where it is once it is there.",
            TUNNEL,
            Option("ttl", "For so many seconds.", "ttlSeconds", click.IntRange(60, 86400)),
        ),
        action_command("stop", f"POST {_TUNNEL}/stop", "Close it.", TUNNEL),
        action_command("status", f"GET {_TUNNEL}/status", "How it is.", TUNNEL),
    ],
)
inputs = list_command(
    "inputs", "/api/web/tasks/{task}/terminal-inputs", "Who has typed into the terminal.", INPUTS
)
