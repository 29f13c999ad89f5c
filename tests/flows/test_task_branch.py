"""The task's own branch on a complete Muster: created, and moved over a person's commit after a
confirmation."""

from tests.flows.running_stack import RunningStack
from tests.flows.test_life_of_a_task import git, shell


def test_a_tasks_branch_names_its_result_by_the_projects_template(running: RunningStack) -> None:
    script = shell("write", "echo one > one.txt")
    key = running.project("NAMED", script, branchName="work/{id}/result")
    task = running.task(key)
    name = f"work/{task.id}/result"
    assert task.now()["taskBranch"] == name
    done = task.wait_for_status("completed")
    assert (done["result"]["branch"], done["taskBranch"]) == (name, name)
    assert git(running, "rev-parse", name) == done["result"]["commit"]
    assert git(running, "rev-parse", done["branch"]) == done["result"]["commit"]


def test_a_persons_commit_on_it_is_asked_about_and_left_where_it_is_until_then(
    running: RunningStack,
) -> None:
    last = shell("write", "echo one > one.txt", confirm=True)
    task = running.task(running.project("ASKED", last))
    name = f"muster/{task.id}"
    task.wait_for_status("suspended")
    theirs = git(running, "rev-parse", "main")
    git(running, "update-ref", f"refs/heads/{name}", theirs)
    task.answer(0, "confirm")
    task.wait_for_status("suspended")
    pending = running.api.get(f"{task.path}/pending-confirm")
    assert (pending["kind"], pending["branch"]["found"]) == ("branch", theirs)
    assert pending["diff"]["filesChanged"] == 1
    assert git(running, "rev-parse", name) == theirs
    task.answer(0, "overwrite")
    done = task.wait_for_status("completed")
    assert git(running, "rev-parse", name) == done["result"]["commit"]
