"""`muster attach`: the command and its options."""

import click

from muster.cli.attach.run import RECONNECT_TIMEOUT_SECONDS
from muster.cli.attach.run import attach as look
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.params import task_argument
from muster.protocol.terminal import Mode


@click.command
@task_argument
@click.option("--watch", is_flag=True, help="Only watch; your input isn't sent.")
@click.option("--shell", is_flag=True, help="Open a shell beside the stage, in its sandbox.")
@click.option("--takeover", is_flag=True, help="Take control; everyone else watches.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=RECONNECT_TIMEOUT_SECONDS,
    metavar="SECONDS",
    help=f"Time to keep reconnecting (default {RECONNECT_TIMEOUT_SECONDS:.0f}).",
)
@pass_muster
def attach(
    muster: Muster, number: int, watch: bool, shell: bool, takeover: bool, timeout: float
) -> int:
    """Attach to a running task's terminal.

    Sends your input to the program and shows its output. A headless agent reads no input: what you
    type is a message to it, which Enter sends; Ctrl-X stops its step first. After a disconnect,
    resumes at the same byte. At the start of a line: ~. detaches (the task keeps running), ~? lists
    commands.

    \b
      muster attach 42
      muster attach 42 --watch
      muster attach 42 --shell
    """
    from muster.cli.attach.access import ApiAccess

    if watch and takeover:
        raise BadUsage("--watch and --takeover exclude each other.", advice="Use only one of them")
    mode: Mode | None = "watch" if watch else "control" if takeover else None
    access = ApiAccess(muster, is_shell=shell)
    tasks = None if watch or shell else access
    return look(
        access,
        number,
        mode=mode,
        take_over=takeover,
        patience=timeout,
        tasks=tasks,
        is_shell=shell,
    )
