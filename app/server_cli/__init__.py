"""`muster-server`: the commands for operators on the server's host. One command per file.

`group.COMMAND_HELP` lists the commands. A command's file defines `command`, and is imported only
when the command runs.
"""

from app.server_cli.group import main

__all__ = ["main"]
