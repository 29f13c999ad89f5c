"""Commands of other packages, which parse their own arguments."""

import click

_MUSTER = "muster"
_PASSTHROUGH_SETTINGS = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command(context_settings=_PASSTHROUGH_SETTINGS, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def worker(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Run the worker on this machine: enroll, run, doctor, reset."""
    from muster.worker import commands

    ctx.exit(commands.main(arguments, ctx.find_root().info_name or _MUSTER))


@click.command(context_settings=_PASSTHROUGH_SETTINGS, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def verify(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Verify an evidence bundle without a server."""
    import muster.verify

    ctx.exit(muster.verify.main(arguments, ctx.find_root().info_name or _MUSTER))
