import pytest

from muster.worker.git import git
from muster.worker.git.refs import read_tip, read_tips, ref_prefixes, require_safe_ref

ONE, TWO, THREE = (digit * 40 for digit in "123")


@pytest.mark.parametrize("name", ["-x", "a..b", "a b", "a:b", "+a^", "a*", "/a", "a.lock", "a@{1}"])
def test_names_that_are_no_refs_are_refused(name):
    with pytest.raises(git.GitError, match="isn't a valid git ref name"):
        require_safe_ref(name)


def test_a_ref_is_read_from_its_file_before_the_packed_ones(tmp_path):
    (tmp_path / "packed-refs").write_text(f"# pack-refs\n{ONE} refs/heads/a\n{TWO} refs/heads/b\n")
    (tmp_path / "refs/heads").mkdir(parents=True)
    (tmp_path / "refs/heads/a").write_text(f"{THREE}\n")
    assert read_tip(tmp_path, "refs/heads/a") == THREE
    assert read_tip(tmp_path, "refs/heads/b") == TWO
    assert read_tip(tmp_path, "refs/heads/c") is None


def test_the_commits_below_a_prefix_are_those_of_files_and_packed_refs(tmp_path):
    (tmp_path / "packed-refs").write_text(f"{ONE} refs/muster/7/1/0\n{TWO} refs/muster/70/1/0\n")
    (tmp_path / "refs/muster/7/2").mkdir(parents=True)
    (tmp_path / "refs/muster/7/2/0").write_text(f"{THREE}\n")
    assert read_tips(tmp_path, "refs/muster/7") == [ONE, THREE]
    assert read_tips(tmp_path, "refs/heads/main") == []


def test_the_prefixes_of_a_branch_lead_to_it():
    assert ref_prefixes("refs/heads/a/b") == ["refs/heads/a", "refs/heads/a/b"]
