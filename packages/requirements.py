"""The packages' requirements, from the `.in` files and the locks."""

import re
from collections.abc import Iterator
from pathlib import Path

_COMMENT = re.compile(r"(^|\s)#.*")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+(?:\[[^]]*\])?")


def read_requirements(root: Path, name: str) -> list[str]:
    """Return the requirements in `<name>.in`, without included files.

    The minimum of each is the locked version, because that one is tested.
    """
    tested = {
        _normalize(package): version
        for package, version in _PIN.findall((root / f"{name}.txt").read_text())
    }
    return sorted(_version_ranges(root / f"{name}.in", tested), key=str.lower)


def _version_ranges(path: Path, tested: dict[str, str]) -> Iterator[str]:
    for line in path.read_text().splitlines():
        text = _COMMENT.sub("", line).strip()
        if not text or text.startswith("-"):
            continue
        package = _NAME.match(text)
        assert package is not None, line
        bound, _, marker = text.removeprefix(package[0]).partition(";")
        parts = [part for part in bound.split(",") if part and not part.startswith(">=")]
        least = f">={tested[_normalize(package[0].partition('[')[0])]}"
        yield package[0] + ",".join([least, *parts]) + (f" ;{marker}" if marker else "")


def _normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
