"""`flask seed`: create sample rows."""

import json
import secrets
import time
from dataclasses import asdict

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.domain.errors import DomainError
from app.services import clock
from app.services.accounts import passwords
from sample_data import database
from sample_data.database import SampleSummary
from sample_data.sizes import Sizes

_DEFAULTS = Sizes()


def _count_option(name: str, least: int, about: str) -> click.Option:
    """Return the command-line option for one field of `Sizes`, at least `least`; `about` is its
    help.
    """
    default = getattr(_DEFAULTS, name.replace("-", "_"))
    kind = click.IntRange(least)
    return click.Option([f"--{name}"], type=kind, default=default, show_default=True, help=about)


_SIZES: list[click.Parameter] = [
    _count_option("tasks", 20, "Number of tasks; most have ended."),
    _count_option("events", 0, "Minimum number of events; each task gets a complete history."),
    _count_option(
        "projects", 2, "Number of projects; the last one is small, and its tasks are the oldest."
    ),
    _count_option("developers", 4, "Number of people: an admin, a lead and developers."),
    _count_option("machines", 1, "Number of machines; all but the last are online."),
    _count_option("log-lines", 0, "Number of log lines of one task."),
    _count_option("deep-task-events", 0, "Number of events of another task."),
    _count_option("seed", 0, "Seed; the same seed creates the same rows."),
]


@click.command("seed", params=_SIZES)
@click.option(
    "--password", help="Password of all created developers; by default generated and shown."
)
@click.option("--add", is_flag=True, help="Also add to a database that isn't empty.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@with_appcontext
def seed(password: str | None, add: bool, as_json: bool, **sizes: int) -> None:
    """Fill the database with sample rows: people, projects, machines, tasks and their history. Only
    a checkout has this command.
    """
    chosen, begun = password or secrets.token_urlsafe(18), time.monotonic()
    try:
        passwords.check_strength(chosen)
        made = _make(Sizes(**sizes), chosen, add)
    except database.NotEmpty:
        raise click.ClickException("the database isn't empty: use --add to add to it") from None
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(asdict(made)))
    else:
        _print_summary(made, chosen, time.monotonic() - begun)


def _make(sizes: Sizes, password: str, add: bool) -> SampleSummary:
    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn())
    # Progress goes to standard error: scripts read the result from standard output.
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        bars = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done)

        return database.fill(sizes, password, clock.now(), report, add=add)


def _print_summary(made: SampleSummary, password: str, seconds: float) -> None:
    lines = (
        f"created {made.tasks:,} tasks and {made.events:,} events in {seconds:.1f} s",
        f"admin {made.admin}, lead {made.lead}, member of {made.project} {made.member}, "
        f"of {made.old_project} (small and old) {made.hermit}; password {password}",
        f"task {made.deep_task} has {made.deep_task_events:,} events, task {made.long_log_task} "
        f"a log of {made.log_lines:,} lines",
        f"search terms: {made.common_word!r} is common, {made.rare_word!r} is rare; a "
        f"machine: {made.machine}",
    )
    for line in lines:
        click.echo(line)
