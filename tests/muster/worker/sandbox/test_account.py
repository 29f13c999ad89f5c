"""An attempt's account in its sandbox."""

import os
from pathlib import Path

from muster.worker.sandbox import account
from muster.worker.sandbox.uids import Identity


def test_the_account_is_named_and_nobody_else_is(tmp_path: Path) -> None:
    passwd, group = account.write_account_files(tmp_path, Identity(66_123, tmp_path))
    names = [line.split(":")[0] for line in passwd.read_text().splitlines()]
    assert names == ["root", "nobody", "muster"]
    assert "muster:x:66123:66123:Muster:/home/muster:" in passwd.read_text()
    assert "muster:x:66123:" in group.read_text()


def test_files_that_a_stage_may_be_reading_are_not_written_again(tmp_path: Path) -> None:
    files = account.write_account_files(tmp_path, Identity(66_123, tmp_path))
    for file in files:
        os.utime(file, (1, 1))
    account.write_account_files(tmp_path, Identity(66_123, tmp_path))
    assert [file.stat().st_mtime for file in files] == [1, 1]
    account.write_account_files(tmp_path, Identity(66_124, tmp_path))
    assert "66124" in files[0].read_text()
