"""The account that runs the system's server, and our own."""

import contextlib
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.embedded.accounts import Account
from app.embedded.directories import can_enter
from app.embedded.stack import ROOT
from app.server_cli.installation.paths import ACCOUNT
from app.server_cli.local.errors import OperateError

UNREADABLE_ADVICE = (
    "install the package where every user can read it, as in\n"
    "  UV_TOOL_DIR=/opt/muster UV_TOOL_BIN_DIR=/usr/local/bin \\\n"
    "    uv tool install --compile-bytecode ./muster_server-*.whl --find-links ."
)


def current_user() -> str:
    """Return the current user's name."""
    return pwd.getpwuid(os.geteuid()).pw_name


def ensure_server_account(home: Path) -> pwd.struct_passwd:
    """Return the server's account, created if needed. It must be able to run the installed package.

    Raises OperateError, and then creates none.
    """
    is_new = ACCOUNT not in {each.pw_name for each in pwd.getpwall()}
    account = _create_account(home)
    try:
        _check_access(account)
    except OperateError:
        if is_new:
            remove_account(home)
        raise
    return account


def _create_account(home: Path) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    argv = ["useradd", "--system", "--user-group", "--home-dir", str(home), "--no-create-home"]
    try:
        done = subprocess.run(
            [*argv, "--shell", "/usr/sbin/nologin", ACCOUNT],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as problem:
        raise OperateError(f"can't create the account {ACCOUNT}: {problem}") from None
    if done.returncode != 0:
        raise OperateError(f"can't create the account {ACCOUNT}: {done.stderr.strip()}")
    return pwd.getpwnam(ACCOUNT)


def remove_account(home: Path) -> bool:
    """Remove the account if we created it. Returns whether it existed."""
    try:
        if pwd.getpwnam(ACCOUNT).pw_dir != str(home):
            return False
    except KeyError:
        return False
    done = subprocess.run(["userdel", ACCOUNT], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OperateError(f"can't remove the account {ACCOUNT}: {done.stderr.strip()}")
    return True


def _check_access(account: pwd.struct_passwd) -> None:
    """Raise OperateError if the account couldn't run the installed package."""
    who = Account(ACCOUNT, account.pw_uid, account.pw_gid)
    for place in (ROOT, Path(sys.prefix), Path(sys.base_prefix)):
        if not can_enter(place, who):
            raise OperateError(f"the account {ACCOUNT} can't enter {place}: {UNREADABLE_ADVICE}")


def create_directories(
    account: pwd.struct_passwd | None, home: Path, directories: Sequence[Path]
) -> None:
    """Create a home and directories in it for the account alone (None: for the current user alone).

    An attacker who took the server over may own the contents of an existing home: their links
    aren't followed, and other users' files don't become theirs. Raises OperateError, OSError.
    """
    home.mkdir(parents=True, exist_ok=True)
    with _open(home, os.O_DIRECTORY) as inside:
        _take_ownership(inside, account, home)
        for directory in directories:
            with contextlib.suppress(FileExistsError):
                os.mkdir(directory.name, 0o700, dir_fd=inside)
            try:
                opened = _open(directory.name, os.O_DIRECTORY | os.O_NOFOLLOW, inside)
                with opened as descriptor:
                    _take_ownership(descriptor, account, directory)
            except NotADirectoryError:
                raise OperateError(f"{directory} is a link or a file: move it away") from None


@contextlib.contextmanager
def _open(path: Path | str, flags: int, inside: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC, dir_fd=inside)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _take_ownership(descriptor: int, account: pwd.struct_passwd | None, path: Path) -> None:
    if account is not None and os.fstat(descriptor).st_uid not in (0, account.pw_uid):
        raise OperateError(f"{path} belongs neither to root nor to {account.pw_name}: move it away")
    os.fchmod(descriptor, 0o700)
    if account is not None and os.geteuid() == 0:
        os.fchown(descriptor, account.pw_uid, account.pw_gid)
