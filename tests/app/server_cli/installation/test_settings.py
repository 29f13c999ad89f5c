"""The file of settings is read as it was written, by us and by systemd."""

import stat
from pathlib import Path

import pytest

from app.server_cli.installation import settings
from app.server_cli.local.errors import OperateError

VALUES = {
    "PLAIN": "9000",
    "EMPTY": "",
    "WORDS": "two words # no comment",
    "QUOTES": 'it\'s "quoted" \\ and \\\\',
    "MONEY": "$HOME `id` %h",
}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    settings.write_settings(tmp_path / "etc" / "muster.env", VALUES)
    assert settings.read_settings(tmp_path / "etc" / "muster.env") == VALUES


def test_it_is_its_owner_s_alone_also_where_it_was_not(tmp_path: Path) -> None:
    path = tmp_path / "muster.env"
    path.write_text("A=b\n")
    path.chmod(0o644)
    settings.write_settings(path, VALUES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "value", ["a\nB=c", "\r", "\x00", "\x7f", "\x85", "\u2028", "\u2029", "\udcff"]
)
def test_no_value_makes_a_line_of_its_own(value: str, tmp_path: Path) -> None:
    with pytest.raises(OperateError, match="line break"):
        settings.write_settings(tmp_path / "muster.env", {"A": value})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", ["no equals sign", "A=two words", 'A="open'])
def test_what_is_no_line_of_settings_is_refused_without_its_value(line: str) -> None:
    with pytest.raises(OperateError) as refused:
        settings.parse_settings(line)
    assert "two" not in str(refused.value)


def test_comments_and_empty_lines_are_none() -> None:
    assert settings.parse_settings("# a\n; b\n\nA=1\n") == {"A": "1"}


@pytest.mark.parametrize("space", ["\x0b", "\x0c", "\u00a0", "\u0085", "\u2028"])
def test_what_is_no_end_of_a_line_is_none(space: str, tmp_path: Path) -> None:
    (path := tmp_path / "muster.env").write_bytes(f"# a{space}A=1\r\n{space}A=2\nB=3".encode())
    assert settings.read_settings(path) == {f"{space}A": "2", "B": "3"}
    settings.write_settings(path, {"B": "3"})
    assert path.read_bytes() == f"# a{space}A=1\r\nB=3".encode()


@pytest.mark.parametrize("content", [b"A=1\n# caf\xe9\n", b"# a\rA=1\n"])
def test_a_file_that_cannot_be_kept_as_it_is_is_refused(content: bytes, tmp_path: Path) -> None:
    (path := tmp_path / "muster.env").write_bytes(content)
    for act in (
        lambda: settings.read_settings(path),
        lambda: settings.write_settings(path, VALUES),
    ):
        with pytest.raises(OperateError, match="of the settings"):
            act()
    assert path.read_bytes() == content


OWN = "# mine: é\r\n\n  ; SET=1\nSETS='1 \\ 2'\n#SET=2\n"


def test_what_is_written_again_changes_only_what_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "muster.env"
    path.write_bytes((OWN + "SET='as it was'\nGONE=1 \n # the port\n PORT=1\n\n").encode())
    settings.write_settings(path, {"NEW": "n", "PORT": "2", "SETS": "1 \\ 2", "SET": "as it was"})
    after = OWN + 'SET=\'as it was\'\n # the port\nPORT="2"\n\nNEW="n"\n'
    assert path.read_bytes() == after.encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (OWN + "SET=1\nLAST='x' ", OWN + "SET=\"a\\\\1,b\"\nLAST='x' "),
        (OWN + " SET = 'c'", OWN + 'SET="a\\\\1,b"'),
        (OWN, OWN + 'SET="a\\\\1,b"\n'),
        (OWN + "LAST=x", OWN + 'LAST=x\nSET="a\\\\1,b"\n'),
        ("", 'SET="a\\\\1,b"\n'),
    ],
    ids=["replaced", "the last", "appended", "after an open line", "alone"],
)
def test_one_is_set_and_every_other_byte_stays(before: str, after: str, tmp_path: Path) -> None:
    (path := tmp_path / "muster.env").write_bytes(before.encode())
    path.chmod(0o644)
    settings.set_value(path, "SET", "a\\1,b")
    assert path.read_bytes() == after.encode()
    assert settings.read_settings(path)["SET"] == "a\\1,b"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_is_removed_and_every_other_byte_stays(tmp_path: Path) -> None:
    path = tmp_path / "muster.env"
    for before, after in (
        (f"{OWN}SET=1\nLAST='x' ", f"{OWN}LAST='x' "),
        (f"{OWN} SET = 1", OWN),
        (OWN, OWN),
    ):
        path.write_bytes(before.encode())
        settings.remove_value(path, "SET")
        assert path.read_bytes() == after.encode()
