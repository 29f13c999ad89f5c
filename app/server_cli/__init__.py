"""`muster-server`: what operators run at the server's host. One verb a file.

A verb is named in `group.COMMAND_HELP`; its file has `command`, and is imported when it is called.
"""

from app.server_cli.group import main

__all__ = ["main"]
