"""The command itself: its nouns, what may be said before them, and how it ends."""

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


WORK, FLEET, YOU, MORE = "Work", "Projects and machines", "You", "More"

COMMANDS: dict[str, LazyCommand] = {
    "task": LazyCommand(
        "task:task", "What is to be done, what is done, and what came of it.", WORK
    ),
    "attach": LazyCommand(
        "attach.command:attach", "Put yourself at a running task's terminal.", WORK
    ),
    "inbox": LazyCommand("inbox:inbox", "What needs you.", WORK),
    "notifications": LazyCommand("notifications:notifications", "What you were told.", WORK),
    "search": LazyCommand("search:search", "Tasks, projects and machines by a word.", WORK),
    "usage": LazyCommand("usage:usage", "What agents have used.", WORK),
    "activity": LazyCommand(
        "activity:activity", "What has happened lately, in all that you see.", WORK
    ),
    "status": LazyCommand("status:status", "How the server is, and what it has to do.", WORK),
    "project": LazyCommand(
        "project:project", "Projects: what they are, and who is in them.", FLEET
    ),
    "machine": LazyCommand(
        "machine:machine", "Machines: how they are, making one, taking one out.", FLEET
    ),
    "agents": LazyCommand(
        "agents:agents", "The agents that tasks may ask for, and who has them.", FLEET
    ),
    "admin": LazyCommand("admin:admin", "What admins do: accounts, tokens, bots, settings.", FLEET),
    "login": LazyCommand("login:login", "Sign in at a server, in the browser or by a token.", YOU),
    "logout": LazyCommand("login:logout", "Sign out, and forget the tokens.", YOU),
    "whoami": LazyCommand("whoami:whoami", "Who you are, and where.", YOU),
    "profile": LazyCommand(
        "profile:profile", "Your account: logins, tokens, what you are told of.", YOU
    ),
    "config": LazyCommand("config:config", "The servers that you know, by name.", YOU),
    "api": LazyCommand("api:api", "Ask the server's API for anything.", MORE),
    "completion": LazyCommand(
        "completion:completion", "A script that completes words in a shell.", MORE
    ),
    "verify": LazyCommand(
        "passthrough:verify", "Check a bundle of evidence, without a server.", MORE
    ),
    "worker": LazyCommand(
        "passthrough:worker", "What runs on a machine: enroll, run, doctor, reset.", MORE
    ),
}


class _RootGroup(LazyGroup):
    """All nouns: with what runs on machines, and how it ends."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            words = f"{error.message}\nOn a machine: {_worker_commands(ctx)}"
            raise click.UsageError(words, ctx) from error

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text(f"On a machine: {_worker_commands(ctx)}")
        formatter.write_text(
            "Exit status: 0 done, 1 failed, 2 asked wrongly, 3 not found or not allowed, 4 it waits"
            " for somebody, 130 interrupted."
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
    "--profile", default="", metavar="NAME", help="Which of your servers (muster config)."
)
@click.option("--server", default="", metavar="URL", help="A server by its address.")
@click.pass_context
def command(ctx: click.Context, profile: str, server: str) -> None:
    """Have coding agents do tasks, look at what they do, and answer them.

    \b
      muster login --server https://muster.example
      muster task create -p APP -d "Mend the flaky test" --wait
      muster inbox
    """
    from muster.cli.context import Muster

    ctx.obj = Muster(profile, server, transport=ctx.obj)


def main(
    arguments: Sequence[str], name: str = "muster", transport: "httpx.BaseTransport | None" = None
) -> int:
    """Do what is asked, and say on stderr what went wrong: the exit status of `errors`."""
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
        if sys.stdout is stdout:  # of what runs on a machine
            raise
        return errors.DONE  # who has read has enough, says click, which writes no more
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
    """Have Python not try again, at its end, to write what cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
