"""An attempt whose repository uses ssh."""

from muster.protocol.frames import Checkpoint, Failed, Publish, Published, Repo, StageFinished
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.ssh_server import HOST, SshServer, server
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["quick", "repository", "root", "server", "worker"]


def repo(worker: WorkerHome, server: SshServer, key: str | None) -> Repo:
    url = server.url(worker.repository)
    return Repo(url, "main", BRANCH, ssh_key=key, known_hosts=server.known_hosts)


def test_a_whole_attempt_goes_by_the_projects_key_also_over_a_restart(
    worker: WorkerHome, server: SshServer
) -> None:
    worker.start().run("echo one > one", repo=repo(worker, server, server.key))
    made = worker.server.wait_for_report(Checkpoint)
    worker.server.wait_for_report(StageFinished)
    assert worker.repository.refs()[made.ref] == made.commit
    worker.leave()
    worker.spawn()
    worker.server.send(Publish(7, 1))
    assert worker.server.wait_for_report(Published).commit == made.commit
    assert worker.repository.refs()[f"refs/heads/{BRANCH}"] == made.commit
    worker.forget()
    worker.server.wait_for(lambda: made.ref not in worker.repository.refs())


def test_without_a_key_the_task_fails_with_what_is_to_be_done(
    worker: WorkerHome, server: SshServer
) -> None:
    worker.start().run("true", repo=repo(worker, server, None))
    failed = worker.server.wait_for_report(Failed)
    assert failed.code == "repository_refused"
    assert f"`worker run --own-ssh-hosts {HOST}`" in failed.message
    assert server.guests == []
    worker.run("true", task_id=8)
    assert worker.server.wait_for_report(StageFinished).code == 0


def test_an_option_names_the_hosts_for_a_daemons_own_keys(
    worker: WorkerHome, server: SshServer
) -> None:
    worker.spawn("--own-ssh-hosts", "git.example", "--own-ssh-hosts", HOST)
    worker.run("true", repo=repo(worker, server, None))
    # The machine's keys, if it has any, are not let in; but they are tried.
    assert worker.server.wait_for_report(Failed).code == "repository_unreachable"
    assert server.guests


def test_the_key_is_masked_in_what_a_stage_says(worker: WorkerHome) -> None:
    given = Repo(worker.repository.url, "main", BRANCH, ssh_key="a-key-of-one-line")
    worker.start().run("echo it is a-key-of-one-line", repo=given)
    worker.server.wait_for_report(StageFinished)
    worker.server.wait_for(lambda: b"it is ********" in worker.server.log())
    assert b"of-one-line" not in worker.server.log()
