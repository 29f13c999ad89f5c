"""What is on disk when it is said to be: also after a power cut."""

import os
from pathlib import Path


def keep_names(directory: Path) -> None:
    """Have the names in there last, as of files that came in place of others. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
