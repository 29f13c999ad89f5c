"""`muster-server`, or `python -m app.server_cli`."""

from app.server_cli import main
from app.server_cli.upgrades import handover


def script() -> None:
    """The script `muster-server`."""
    handover.exec_current_release()
    main()


if __name__ == "__main__":
    script()
