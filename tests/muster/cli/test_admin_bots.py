"""A bot's bindings have the same fields with and without --bot."""

from collections.abc import Callable

from app.domain.roles import SystemRole
from app.models import Developer
from tests.factories import make_binding, make_bot, make_developer
from tests.muster.cli.shell import Shell


def test_bindings_of_one_bot_are_as_among_those_of_all(
    shell_of: Callable[[Developer], Shell],
) -> None:
    bot = make_bot(name="speaker")
    make_binding(bot=bot)
    make_binding(bot=make_bot(name="another"))
    shell = shell_of(make_developer(role=SystemRole.ADMIN))
    asked = ("admin", "bots", "bindings", "--jq", ".")
    [whole] = [at for at in shell.done(*asked).json if at["botName"] == "speaker"]
    assert shell.done(*asked, "--bot", str(bot.id)).json == [whole]
