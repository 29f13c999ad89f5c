"""`muster usage`: agents' token usage and cost."""

import sys
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, Item, OutputSpec, get_path, outputs

GROUPS = ("project", "task", "attempt", "stage", "developer", "agent", "model", "day")


def _amount_column(title: str, field: str) -> Column:
    def cell(item: Item) -> str:
        return text_format.format_number(get_path(item, ["usage", field]))

    return Column(title, cell, is_number=True)


def _cost_text(item: Item) -> str:
    cost = get_path(item, ["usage", "cost"])
    about = "about " if get_path(item, ["usage", "isEstimate"]) else ""
    return "" if cost is None else f"{about}{cost:,.2f}"


USAGE = OutputSpec(
    fields.USAGE_GROUP,
    (
        Column("KEY", lambda item: item.get("key") or "(unnamed)"),
        Column("NAME", lambda item: item.get("name"), stretches=True),
        _amount_column("INPUT", "inputTokens"),
        _amount_column("CACHED", "cachedTokens"),
        _amount_column("OUTPUT", "outputTokens"),
        _amount_column("REASONING", "reasoningTokens"),
        Column("COST", _cost_text, is_number=True),
    ),
    id_field="key",
    empty_message="No usage.",
)


@click.command
@click.option("-b", "--by", default="project", type=click.Choice(GROUPS), show_default=True)
@click.option("--from", "from_", metavar="DAY", help="First day (UTC), such as 2030-01-01.")
@click.option("--to", metavar="DAY", help="Last day (UTC), inclusive.")
@click.option("-p", "--project", metavar="KEY", help="Filter by project.")
@click.option("--task", type=int, metavar="ID", help="Filter by task.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=0), default=50, help="Maximum results; 0 for all."
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@pass_muster
@outputs(USAGE)
def usage(
    muster: Muster,
    by: str,
    from_: str | None,
    to: str | None,
    project: str | None,
    task: int | None,
    limit: int,
    as_csv: bool,
) -> Any:
    """Show agents' token usage and cost."""
    of = {"groupBy": by, "from": from_, "to": to, "project": project, "taskId": task}
    if not as_csv:
        return muster.api.items("/api/web/usage", limit, **of)
    with muster.api.open("GET", "/api/web/usage", of, headers={"Accept": "text/csv"}) as answer:
        for piece in answer.iter_bytes():
            sys.stdout.buffer.write(piece)
        sys.stdout.flush()
        if "next" in answer.links:
            click.echo("More results exist: narrow them with --from and --to.", err=True)
    return None
