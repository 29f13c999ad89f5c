"""The locked packages (docs/decisions/0026): what `make lock` makes is made, and of this."""

import importlib.metadata
import itertools
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = tuple(f"requirements{which}" for which in ("", "-client", "-worker", "-dev", "-build"))
Name = tuple[str, frozenset[str]]  # of a package, and its extras


@dataclass(frozen=True)
class Pin:
    """A package of a lock. `asked_by` are the files by hand that name it."""

    requirement: Requirement
    hashes: tuple[str, ...]
    asked_by: tuple[str, ...]

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")


def by_hand(path: Path) -> Iterator[tuple[str, Requirement]]:
    """The requirements of a file and of those that it includes, with the file of each."""
    for line in path.read_text().splitlines():
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        if text.startswith("-r "):
            yield from by_hand(path.parent / text.removeprefix("-r ").strip())
        elif text and not text.startswith("-c "):
            yield path.name, Requirement(text)


def pins(path: Path) -> dict[str, list[Pin]]:
    """A lock's packages by their normal names; more than one where it depends on the system."""
    found: dict[str, list[Pin]] = defaultdict(list)
    for block in re.split(r"^(?=\w)", path.read_text(), flags=re.MULTILINE)[1:]:
        requirement = Requirement(block.partition("\\")[0])
        pin = Pin(
            requirement,
            tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block)),
            tuple(re.findall(r"^ +# (?:via| ) *-r (\S+)$", block, flags=re.MULTILINE)),
        )
        found[canonicalize_name(requirement.name)].append(pin)
    return found


def named(requirement: Requirement) -> Name:
    return canonicalize_name(requirement.name), frozenset(requirement.extras)


SYSTEMS = [
    ("linux", "x86_64"),
    ("linux", "aarch64"),
    ("linux", "riscv64"),
    ("darwin", "x86_64"),
    ("darwin", "arm64"),
    ("win32", "AMD64"),
]


def systems(requirement: Requirement) -> list[tuple[str, str]]:
    """For which of SYSTEMS it is wanted."""
    marker = requirement.marker
    return [
        (system, machine)
        for system, machine in SYSTEMS
        if marker is None or marker.evaluate({"sys_platform": system, "platform_machine": machine})
    ]


def stale(folder: Path, name: str) -> list[str]:
    """Why this lock there is not what `make lock` makes of its file by hand."""
    asked = list(by_hand(folder / f"{name}.in"))
    locked = pins(folder / f"{name}.txt")
    # uv writes the same marker in other words, so the systems for which it holds are compared.
    problems = [
        f"{requirement} is locked for other systems"
        for _, requirement in asked
        for pin in locked.get(canonicalize_name(requirement.name), [])
        if requirement.marker and systems(requirement) != systems(pin.requirement)
    ]
    # What another package wants of it is locked, too: more extras than are asked for by hand.
    expected = {(file, *named(requirement)) for file, requirement in asked}
    shown = {
        (file, *named(pin.requirement))
        for pin in itertools.chain(*locked.values())
        for file in pin.asked_by
    }
    problems += [
        f"{package} of {file} is not locked"
        for file, package, extras in expected
        if not any((file, package) == each[:2] and extras <= each[2] for each in shown)
    ]
    names = {each[:2] for each in expected}
    problems += [f"{each[1]} is no longer in {each[0]}" for each in shown if each[:2] not in names]
    problems += [
        f"{requirement} is locked as {pin.version}"
        for _, requirement in asked
        for pin in locked.get(canonicalize_name(requirement.name), [])
        if not requirement.specifier.contains(pin.version, prereleases=True)
    ]
    return problems


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_made_of_its_file_by_hand(name: str) -> None:
    assert stale(ROOT, name) == [], "run `make lock`"


def add(text: str) -> str:
    return f"{text}gunicorn-of-tomorrow\n"


def remove(text: str) -> str:
    return text.replace("\ncelery\n", "\n")


def bound(text: str) -> str:
    return text.replace("\ncelery\n", "\ncelery<5\n")


def want_more(text: str) -> str:
    return text.replace("\ncelery\n", "\ncelery[redis]\n")


def want_elsewhere(text: str) -> str:
    return text.replace("\ncelery\n", "\ncelery; sys_platform == 'win32'\n")


CHANGES: dict[Callable[[str], str], str] = {
    add: "gunicorn-of-tomorrow of requirements.in is not locked",
    remove: "celery is no longer in requirements.in",
    bound: "celery<5 is locked as ",
    want_more: "celery of requirements.in is not locked",
    want_elsewhere: 'celery; sys_platform == "win32" is locked for other systems',
}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_hand_alone_is_noticed(
    change: Callable[[str], str], name: str, tmp_path: Path
) -> None:
    for path in ROOT.glob("requirements*"):
        shutil.copy(path, tmp_path)
    source = tmp_path / "requirements.in"
    source.write_text(change(source.read_text()))
    assert any(problem.startswith(CHANGES[change]) for problem in stale(tmp_path, name))


@pytest.mark.parametrize("name", LOCKS)
def test_whatever_is_locked_has_one_version_and_its_hashes(name: str) -> None:
    locked = pins(ROOT / f"{name}.txt")
    assert locked
    for pin in itertools.chain(*locked.values()):
        assert re.fullmatch(r"==[^*,]+", str(pin.requirement.specifier))
        assert pin.hashes, pin.requirement


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_to_fetch_from(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text()
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("name", ["requirements", "requirements-client", "requirements-worker"])
def test_what_is_tested_is_what_is_installed_elsewhere(name: str) -> None:
    tested = pins(ROOT / "requirements-dev.txt")
    for package, locked in pins(ROOT / f"{name}.txt").items():
        there = [_fetched(pin) for pin in tested[package]]
        # What a tool needs on every interpreter is locked there without a condition.
        anywhere = [
            (f"{pin.requirement.name}{pin.requirement.specifier}; None", pin.hashes)
            for pin in locked
        ]
        assert [_fetched(pin) for pin in locked] == there or anywhere == there


@pytest.mark.parametrize("name", [name for name in LOCKS if name != "requirements-build"])
def test_whatever_a_locked_package_needs_is_locked_in_a_version_that_suits(name: str) -> None:
    here = {
        package: pin
        for package, locked in pins(ROOT / f"{name}.txt").items()
        for pin in locked
        if _applies(pin.requirement, "")
    }
    for pin in here.values():
        assert importlib.metadata.version(pin.requirement.name) == pin.version, "run `make`"
        for needed in _needs(pin.requirement):
            found = here.get(canonicalize_name(needed.name))
            assert found, f"{needed} is not locked"
            assert needed.specifier.contains(found.version, prereleases=True)


def _fetched(pin: Pin) -> tuple[str, tuple[str, ...]]:
    """Without its extras: they ask for other packages."""
    return (
        f"{pin.requirement.name}{pin.requirement.specifier}; {pin.requirement.marker}",
        pin.hashes,
    )


def _needs(requirement: Requirement) -> Iterator[Requirement]:
    for line in importlib.metadata.requires(requirement.name) or []:
        needed = Requirement(line)
        if any(_applies(needed, extra) for extra in {"", *requirement.extras}):
            yield needed


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})
