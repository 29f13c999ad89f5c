from muster.worker import orphans
from muster.worker.layout import Layout


def test_quarantines_of_a_daemon_that_was_killed_are_removed(tmp_path):
    layout = Layout(tmp_path / "home")
    layout.make()
    mirror = layout.mirrors / "1.git"
    (mirror / "quarantine" / "refs-muster-7-1-0" / "pack").mkdir(parents=True)
    (mirror / "objects").mkdir()
    assert orphans.remove_orphans(layout, set()) == []
    assert list((mirror / "quarantine").iterdir()) == []
    assert (mirror / "objects").is_dir()
