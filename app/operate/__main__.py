"""`muster-server`, or `python -m app.operate`."""

from app.operate import main
from app.operate.upgrades import handover


def script() -> None:
    """The script `muster-server`."""
    handover.to_release()
    main()


if __name__ == "__main__":
    script()
