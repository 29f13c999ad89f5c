"""`muster attach`, as it is asked for."""

import click

from muster.cli.attach.run import RECONNECT_TIMEOUT_SECONDS
from muster.cli.attach.run import attach as look
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.params import task_argument
from muster.protocol.terminal import Mode


@click.command
@task_argument
@click.option("--watch", is_flag=True, help="Look on; what you type is not sent.")
@click.option("--takeover", is_flag=True, help="You alone type; all others watch.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=RECONNECT_TIMEOUT_SECONDS,
    metavar="SECONDS",
    help=f"How long to look for a server that is away; "
    f"{RECONNECT_TIMEOUT_SECONDS:.0f} if not said.",
)
@pass_muster
def attach(muster: Muster, number: int, watch: bool, takeover: bool, timeout: float) -> int:
    """Put yourself at a running task's terminal.

    What you type goes to its program, and all that it draws comes to you. After a cut the line
    comes back by itself, at the byte where it was. At the beginning of a line ~. leaves the task,
    which goes on, and ~? shows what else there is.

    \b
      muster attach 42
      muster attach 42 --watch
    """
    from muster.cli.attach.access import ApiAccess

    if watch and takeover:
        raise BadUsage("--watch and --takeover are opposites.", advice="Leave one of them out")
    mode: Mode | None = "watch" if watch else "control" if takeover else None
    return look(ApiAccess(muster), number, mode=mode, take_over=takeover, patience=timeout)
