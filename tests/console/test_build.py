"""How a build of the console takes the place of the one before, and when there is one to make."""

from pathlib import Path

import pytest

from app.console import build as served
from demo.console import builder, node, packages
from demo.console.paths import ConsoleError

FILES = {"index.html": "__NONCE__ {}", "assets/index-{}.js": "{}", "mark.svg": "<svg/>"}


def made(directory: Path, name: str) -> Path:
    for path, text in FILES.items():
        place = directory / path.format(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.format(name))
    return directory


def assets(place: Path) -> set[str]:
    return {name for name in served.load_build(place).files if name.startswith("assets/")}


def test_a_build_leaves_what_open_pages_still_load_and_no_more(tmp_path: Path) -> None:
    place = tmp_path / "dist"
    for name in ("a", "b", "c"):
        builder.install_build(made(tmp_path / "new", name), place, f"source {name}")
    assert assets(place) == {"assets/index-b.js", "assets/index-c.js"}
    assert (place / "index.html").read_text() == "__NONCE__ c"
    assert not (tmp_path / "new").exists()


def test_who_serves_it_can_read_it_whatever_the_mask_was(tmp_path: Path) -> None:
    new = made(tmp_path / "new", "a")
    for path in (new / "assets", new / "assets" / "index-a.js"):
        path.chmod(0o700)
    builder.install_build(new, tmp_path / "dist", "")
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "dist").rglob("*.js")}
    assert modes == {0o644}
    assert (tmp_path / "dist" / "assets").stat().st_mode & 0o777 == 0o755


def test_a_source_is_known_by_names_and_contents_and_not_by_what_is_made(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.ts").write_text("one")
    first = builder.source_digest(tmp_path)
    for name in ("node_modules", "dist"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "made.js").write_text("made")
    assert builder.source_digest(tmp_path) == first
    (tmp_path / "src" / "main.ts").write_text("two")
    second = builder.source_digest(tmp_path)
    (tmp_path / "src" / "main.ts").rename(tmp_path / "src" / "other.ts")
    assert len({first, second, builder.source_digest(tmp_path)}) == 3


@pytest.fixture
def console_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A console of our own, whose Node does as `commands` says."""
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / "node_modules").mkdir()
    for module, name, value in (
        (builder, "DIST", tmp_path / "dist"),
        (builder, "NEW", tmp_path / "dist.new"),
        (packages, "LOCK", tmp_path / "package-lock.json"),
        (packages, "_STAMP", tmp_path / "node_modules" / ".brought"),
    ):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(builder, "source_digest", lambda: "as it is")
    return tmp_path


class Pretended(node.Node):
    """Says what it was asked for; its Vite makes a build."""

    asked: list[str]
    fails: str

    def run(self, argv: list[str], what: str, **_: object) -> str:  # type: ignore[override]
        self.asked.append(what)
        if what == self.fails:
            raise ConsoleError(f"{what}: no such host")
        if what == "vite build":
            made(builder.NEW, "a")
        return ""


@pytest.fixture
def pretended(console_source: Path, monkeypatch: pytest.MonkeyPatch) -> Pretended:
    found = Pretended(Path("/usr/bin/node"), ("npm",))
    object.__setattr__(found, "asked", [])
    object.__setattr__(found, "fails", "")
    monkeypatch.setattr(node, "find", lambda say: found)
    return found


def test_a_second_time_nothing_is_built(pretended: Pretended) -> None:
    lines: list[str] = []
    assert builder.build(lines.append)
    assert pretended.asked == ["npm ci", "vite build", "pack.mjs"]
    assert lines == ["installing the console's packages from npm", "building the console"]
    assert not builder.build(lines.append)
    assert len(pretended.asked) == 3


def test_another_source_is_built_with_the_packages_that_are_there(
    pretended: Pretended, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.build(lambda line: None)
    monkeypatch.setattr(builder, "source_digest", lambda: "changed")
    assert builder.build(lambda line: None)
    assert pretended.asked[3:] == ["vite build", "pack.mjs"]


@pytest.mark.parametrize("fails", ["npm ci", "vite build"])
def test_what_cannot_be_built_leaves_the_build_that_there_is(
    pretended: Pretended, console_source: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    builder.build(lambda line: None)
    before = (console_source / "dist" / "index.html").read_bytes()
    (console_source / "package-lock.json").write_text('{"newer": true}')
    monkeypatch.setattr(builder, "source_digest", lambda: "changed")
    object.__setattr__(pretended, "fails", fails)
    with pytest.raises(ConsoleError, match="no such host"):
        builder.build(lambda line: None)
    assert (console_source / "dist" / "index.html").read_bytes() == before
