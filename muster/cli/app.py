"""The `muster` command: its subcommands, its global options and its exit status."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

import muster
from muster.cli import errors
from muster.cli.lazy import LazyCommand, LazyGroup

if TYPE_CHECKING:
    import httpx


WORK, FLEET, YOU, MORE = "Work", "Projects and machines", "Account", "More"

COMMANDS: dict[str, LazyCommand] = {
    "task": LazyCommand("task:task", "Create, watch, answer and review tasks.", WORK),
    "attach": LazyCommand("attach.command:attach", "Attach to a running task's terminal.", WORK),
    "inbox": LazyCommand("inbox:inbox", "List items that need your attention.", WORK),
    "notifications": LazyCommand(
        "notifications:notifications", "List and manage your notifications.", WORK
    ),
    "search": LazyCommand("search:search", "Search tasks, projects and machines.", WORK),
    "usage": LazyCommand("usage:usage", "Show agents' token usage and cost.", WORK),
    "activity": LazyCommand(
        "activity:activity", "List recent activity in the projects you can see.", WORK
    ),
    "setup": LazyCommand(
        "setup:setup", "Show what a new server needs until its first task completes.", WORK
    ),
    "status": LazyCommand("status:status", "Show server health and load.", WORK),
    "project": LazyCommand("project:project", "Manage projects and their members.", FLEET),
    "machine": LazyCommand("machine:machine", "List, add, drain and upgrade machines.", FLEET),
    "agents": LazyCommand(
        "agents:agents", "List available agents and how many machines have them.", FLEET
    ),
    "admin": LazyCommand("admin:admin", "Administer accounts, tokens, bots and settings.", FLEET),
    "invitation": LazyCommand(
        "invitation:invitation", "Invite people, and list and withdraw invitations.", FLEET
    ),
    "login": LazyCommand(
        "login:login", "Sign in to a server, in the browser or with a token.", YOU
    ),
    "logout": LazyCommand("login:logout", "Sign out and delete the stored tokens.", YOU),
    "whoami": LazyCommand("whoami:whoami", "Show your account and server.", YOU),
    "profile": LazyCommand(
        "profile:profile", "Manage your account: sessions, tokens, budget.", YOU
    ),
    "config": LazyCommand("config:config", "List and switch server profiles.", YOU),
    "api": LazyCommand("api:api", "Send any request to the server's API.", MORE),
    "completion": LazyCommand("completion:completion", "Print a shell completion script.", MORE),
    "verify": LazyCommand(
        "passthrough:verify", "Verify an evidence bundle without a server.", MORE
    ),
    "worker": LazyCommand(
        "passthrough:worker", "Run the worker on this machine: enroll, run, doctor, reset.", MORE
    ),
}


class _RootGroup(LazyGroup):
    """The root group. Its help also shows the worker's commands and the exit statuses."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            words = f"{error.format_message()}\nOn a machine: {_worker_commands(ctx)}"
            raise click.UsageError(words, ctx) from error

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except errors.ApiError as refusal:
            from muster.cli.suggestions import suggest_for_refusal

            refusal.advice = suggest_for_refusal(refusal, ctx.obj.api) or refusal.advice
            raise

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text(f"On a machine: {_worker_commands(ctx)}")
        formatter.write_text(
            "Exit status: 0 success, 1 failure, 2 usage error, 3 not found or not allowed,"
            " 4 waiting for an answer, 130 interrupted."
        )


def _worker_commands(ctx: click.Context) -> str:
    return f"{ctx.find_root().info_name} worker enroll | run | doctor | reset"


@click.command(
    cls=_RootGroup,
    nouns=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(muster.__version__, "--version", message="muster %(version)s")
@click.option(
    "--profile", default="", metavar="NAME", help="Server profile to use (see muster config)."
)
@click.option("--server", default="", metavar="URL", help="Server URL to use instead of a profile.")
@click.pass_context
def command(ctx: click.Context, profile: str, server: str) -> None:
    """Give tasks to coding agents, watch them work, answer their questions.

    \b
      muster login --server https://muster.example
      muster task create -p APP -d "Fix the flaky test" --wait
      muster inbox
    """
    from muster.cli.context import Muster

    ctx.obj = Muster(profile, server, transport=ctx.obj)


def main(
    arguments: Sequence[str], name: str = "muster", transport: "httpx.BaseTransport | None" = None
) -> int:
    """Run the command, print errors to stderr, and return an exit status of `errors`."""
    stdout = sys.stdout
    try:
        ended = command.main(
            args=list(arguments),
            prog_name=name,
            complete_var="_MUSTER_COMPLETE",
            standalone_mode=False,
            **({"obj": transport} if transport else {}),
        )
    except click.UsageError as error:
        error.show()
        return errors.USAGE
    except click.ClickException as error:
        error.show()
        return errors.FAILED
    except errors.CliError as trouble:
        _print_error(trouble)
        return trouble.status
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)
        return errors.INTERRUPTED
    except SystemExit:
        if sys.stdout is stdout:  # from the worker's commands
            raise
        return errors.DONE  # click's exit when the reader has closed the pipe
    except (OSError, UnicodeError) as error:
        _print_error(errors.CliError(str(error)))
        _discard_unwritten()
        return errors.FAILED
    return ended if isinstance(ended, int) else errors.DONE


def _print_error(trouble: errors.CliError) -> None:
    from muster.cli.text_format import sanitize

    click.secho("muster: ", fg="red", bold=True, nl=False, err=True)
    click.echo(sanitize(trouble.message), err=True)
    if trouble.advice:
        click.echo(sanitize(trouble.advice), err=True)


def _discard_unwritten() -> None:
    """Keep Python from retrying a failed write when it exits."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
