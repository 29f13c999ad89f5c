"""The directories of the server's account, in a home which it may have filled with traps."""

import os
import pwd
import stat
from pathlib import Path

import pytest

from app.server_cli.installation import account
from app.server_cli.local.errors import OperateError

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives directories away")
NOBODY = pwd.getpwnam("nobody")


def test_a_home_and_what_is_in_it_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "lib" / "muster"
    for _ in range(2):
        account.create_directories(None, home, [home / "beat"])
        home.chmod(0o755)
    assert stat.S_IMODE((home / "beat").stat().st_mode) == 0o700


@pytest.mark.parametrize("who", [None, pytest.param(NOBODY, marks=AS_ROOT)])
def test_a_link_in_the_home_is_not_followed(tmp_path: Path, who: pwd.struct_passwd | None) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    home.mkdir()
    other.mkdir(0o755)
    (home / "beat").symlink_to(other)
    with pytest.raises(OperateError, match="beat is a link"):
        account.create_directories(who, home, [home / "beat"])
    found = other.stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (os.geteuid(), 0o755)


@AS_ROOT
def test_other_users_files_do_not_become_the_accounts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "beat").mkdir(parents=True)
    os.chown(home / "beat", 12345, 12345)
    with pytest.raises(OperateError, match="belongs neither to root nor to nobody"):
        account.create_directories(NOBODY, home, [home / "beat"])
    assert (home / "beat").stat().st_uid == 12345
    os.chown(home / "beat", 0, 0)
    account.create_directories(NOBODY, home, [home / "beat"])
    assert (home / "beat").stat().st_uid == NOBODY.pw_uid
