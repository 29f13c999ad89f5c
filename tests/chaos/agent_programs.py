"""Agents of chaos runs as programs that a machine finds."""

import shutil
from pathlib import Path
from types import ModuleType

from demo import interpreter
from tests.chaos import probe


def install(agent: ModuleType, directory: Path, name: str) -> None:
    """Install this module, which imports at most `probe`, as a program in that directory."""
    text = Path(str(agent.__file__)).read_text()
    alone = text.replace(f"from {probe.__package__} import probe", "import probe")
    (directory / name).write_text(f"#!{interpreter.find()} -S\n{alone}")
    (directory / name).chmod(0o755)
    shutil.copy(probe.__file__, directory / "probe.py")
