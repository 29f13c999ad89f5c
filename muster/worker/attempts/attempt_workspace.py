"""One attempt's workspace: made for its first stage, kept until the attempt is forgotten."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Literal

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Author,
    Checkpoint,
    Note,
    Publish,
    Repo,
    Revision,
    ToPublish,
    WorkspaceFacts,
)
from muster.worker.agents import attempt_state, home_setup
from muster.worker.agents.attempt_state import KeptOrder
from muster.worker.attempts import lineage, never_started
from muster.worker.attempts.changes import ChangesTeller
from muster.worker.attempts.context import Reporter
from muster.worker.attempts.facts import FactsTeller, FactsWatch
from muster.worker.attempts.no_sandbox import SandboxSteps, Step
from muster.worker.attempts.task_branch import TaskBranchSide
from muster.worker.git import checkpoints, stage_result, workspace
from muster.worker.git.checkpoints import CheckpointRefused, PublishRefused, PushedBranch
from muster.worker.git.errors import WorkRefused
from muster.worker.git.git import GitError
from muster.worker.git.preparation import WorkspaceRequest, prepare
from muster.worker.git.remote import NO_LOGIN, Login
from muster.worker.git.workspace import Workspace, WorkspaceError
from muster.worker.sandbox import trees
from muster.worker.sandbox.sandbox import NoSandbox

_NAMED = 20  # files in a warning
_LEVELS: dict[str, Literal["info", "warning", "error"]] = {
    "log": "info",
    "info": "info",
    "warning": "warning",
    "error": "error",
}

log = logging.getLogger(__name__)


class AttemptWorkspace:
    """Acts on the workspace and reports how that went. `abandoned` ends what takes long."""

    def __init__(self, reporter: Reporter, abandoned: threading.Event) -> None:
        self._reporter = reporter
        self._context = reporter.context
        self._key = reporter.key
        self._abandoned = abandoned
        self._workspace: Workspace | None = None
        self._facts = FactsTeller(reporter)
        self._changes = ChangesTeller(reporter, abandoned)
        self.steps = SandboxSteps(reporter, abandoned, self.note)

    def find(self) -> None:
        """Takes over what an earlier life of the daemon prepared."""
        found = workspace.find(self._context.rooms, self._key)
        self._workspace = found and replace(found, cancelled=self._abandoned)

    def prepared(self, repo: Repo, author: Author, home_of: int | None = None) -> Workspace:
        """The attempt's workspace, which is made if it is missing. `home_of` is the number of the
        attempt before, where the home is to be that one's.

        Raises WorkspaceError, HandedOver, NoIdentityLeft, OSError.
        """
        if self._workspace is None:
            self._tell("preparing")
            request = self._request(repo, author, home_of)
            preparation = partial(prepare, request, self.note, self._abandoned)
            made = self.steps.carry_out(Step.PREPARE, preparation)
            self._workspace = replace(made, cancelled=self._abandoned)
            self._tell_ready(self._workspace, resumed=repo.resume_from is not None)
            if self._context.repositories.add(repo.url):
                self._context.changed()
        return self._workspace

    def furnish(self, files: Iterable[tuple[str, str]], leaves: Iterable[str]) -> None:
        """Lays ready what an agent needs before it starts (`furnishing.script`). If that does not
        work, a warning says so: it may do without. Raises HandedOver."""
        if self._workspace is None:
            return
        script = home_setup.script(self._workspace.room.home, files, leaves)
        try:
            if script:
                self.steps.carry_out(Step.FURNISH, partial(self._workspace.script, script))
        except GitError as error:
            if not self._abandoned.is_set():
                self.note("warning", f"what the agent needs in its home: {error.message}")

    def undo_changes(self) -> None:
        """Undoes what has come into the workspace since the last stage's checkpoint, and warns.

        Only for when nothing of the attempt runs. Raises WorkspaceError, HandedOver.
        """
        if self._workspace is None or (since := stage_result.read(self._workspace)) is None:
            return
        undone: list[str] = []
        undo = partial(stage_result.undo, self._workspace, since, undone)
        try:
            self.steps.carry_out(Step.UNDO, undo)
            if changed := list(dict.fromkeys(undone)):
                more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
                names = ", ".join(changed[:_NAMED]) + more
                self.note("warning", f"changed after the last stage had ended, and undone: {names}")
        except GitError as error:
            raise WorkspaceError("workspace_broken", error.message) from error

    def checkpoint_changes(self, kept: KeptOrder, author: Author) -> None:
        """Makes the last stage's checkpoint anew, or that of its middle, in that person's name, if
        the workspace is not what it was; likewise."""
        if self._workspace is None or (since := stage_result.read(self._workspace)) is None:
            return
        if kept.stage_index < 0:
            return  # it runs no stage: what it pushes is another's checkpoint
        look = partial(stage_result.is_changed, self._workspace, since)
        try:
            is_changed = self.steps.carry_out(Step.SETTLE, look)
        except (GitError, WorkspaceError, NoSandbox) as error:
            if not self._abandoned.is_set():
                self.note("warning", f"the workspace cannot be looked at: {error}")
            return
        if not is_changed:
            return
        try:
            self.checkpoint(kept, author, in_part=self._reporter.standing.suspended)
        except WorkspaceError as error:
            self._reporter.fail(error.code, error.message)

    def checkpoint(
        self, kept: KeptOrder, author: Author | None = None, *, in_part: bool = False
    ) -> None:
        """Pushes a checkpoint and reports it, or a warning if there could be none; then what lies
        in the workspace. In the name of the order's author, if of nobody else. `in_part`: of the
        stage's middle. Raises WorkspaceError for work that cannot be taken."""
        if self._workspace is None:
            self.note("warning", "checkpoint refused: the workspace is gone")
            return
        make = partial(
            checkpoints.checkpoint,
            self._workspace,
            kept.stage_index,
            kept.stage_name,
            author or kept.author,
            Login.of(kept.repo),
            note=self.note,
            in_part=in_part,
        )
        try:
            follows = lineage.before(self._reporter.standing, self._workspace, kept)
            made = self.steps.carry_out(Step.CHECKPOINT, make)
        except WorkRefused as refused:
            raise WorkspaceError(refused.code, refused.message) from refused
        except (CheckpointRefused, GitError, NoSandbox) as refused:
            if not self._abandoned.is_set():
                self.note("warning", f"checkpoint refused: {refused}")
                self.look()
        else:
            said = (kept.stage_index, made.ref, made.commit, made.diff, kept.run, in_part)
            self._reporter.say(Checkpoint(*said, made.tree, follows))
            self._in_background(
                partial(self._facts.committed, self._workspace, made.commit, made.diff)
            )
            self.tell_changes(kept)

    def tell_changes(self, kept: KeptOrder) -> None:
        """Reports what the last checkpoint changed, as far as that has not been done."""
        if self._workspace is not None:
            self._changes.tell_checkpoint(self._workspace, kept)

    def publish(self, kept: KeptOrder | None, order: Publish) -> None:
        """Pushes the branch, and moves the task's where that is ordered; reports `Published`,
        `BranchRefused` or `Failed`. What is ordered is pushed, and nothing else; `ToPublish`
        reports what it would be where the server asks. Raises HandedOver."""
        if self._reporter.standing.refused >= order.number:
            return  # the server has been told, or will be
        try:
            if self._workspace is None or kept is None:
                raise PublishRefused("the workspace is gone")
            ready = self._ready(self._workspace, kept, order.commit)
            if order.commit not in (None, ready.commit):
                words = f"the work here is {ready.commit}, and {order.commit} was to be pushed"
                self._reporter.fail("not_what_was_approved", words)
                return
            if order.announce:
                follows = lineage.before(self._reporter.standing, self._workspace, kept)
                self._reporter.say(ToPublish(order.number, ready.commit, ready.tree, follows))
                return
            made = self._pushed(self._workspace, kept, ready)
            if not self._changes.tell_push(self._workspace, kept, made.commit):
                return  # it is over, or the next daemon's
        except WorkRefused as refused:
            self._reporter.fail(refused.code, refused.message)
        except (PublishRefused, GitError) as refused:
            if not self._abandoned.is_set():  # else the next daemon pushes, or nobody
                self._reporter.fail("publish_failed", str(refused))
        else:
            branch = TaskBranchSide(
                self._reporter, self._abandoned, self._workspace.mirror(Login.of(kept.repo))
            )
            branch.conclude(made, order)

    def look(self) -> None:
        """Reports what lies in the workspace now, and returns when nothing runs any more that the
        look has started."""
        if self._workspace is not None:
            self._facts.look(self._workspace, cancelled=self._abandoned)

    def _in_background(self, act: Callable[[], None]) -> None:
        name = f"workspace-{self._key.name}-look"
        threading.Thread(target=act, name=name, daemon=True).start()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While this goes on, what changes in the workspace is reported."""
        if self._workspace is None:
            yield
            return
        log_file = self._context.layout.attempt(self._key) / "log"
        with FactsWatch(self._facts, self._workspace, log_file):
            yield

    def forget(self, kept: KeptOrder | None, *, keep_checkpoints: bool) -> None:
        """Removes workspace and uid, and the checkpoints at the remote unless they are kept there.

        Raises OSError.
        """
        self._facts.close()
        found = self._workspace or workspace.find(self._context.rooms, self._key)
        if found is not None and not keep_checkpoints:
            checkpoints.forget(found, Login.of(kept.repo) if kept else NO_LOGIN, note=self.note)
        else:
            self._remove(found)
        self._context.limits.end_all(self._key.name)

    def let_go(self) -> None:
        """Removes workspace and uid of an attempt that cannot go on, where nothing of it can be
        needed: no stage has run here, and the home is no other's. Else, and where that does not
        work, they stay until it is forgotten."""
        directory = self._context.layout.attempt(self._key)
        kept = attempt_state.read(directory)
        if (kept and kept.home_of is not None) or never_started.may_have_run(directory):
            return
        try:
            self._context.tunnels.end(self._key)
            self._remove(self._workspace or workspace.find(self._context.rooms, self._key))
        except OSError as error:
            log.warning("task %d, attempt %d keeps its workspace: %s", *self._key, error)
        else:
            self._workspace = None

    def _remove(self, found: Workspace | None) -> None:
        """Raises OSError."""
        if found is not None:
            found.remove()
            return
        # A preparation that failed leaves its uid taken, and a home that was another's.
        identity = self._context.identities.claimed(self._key)
        if identity:
            identity.kill()
        layout = self._context.layout
        trees.remove(layout.workspace(self._key), layout.home_of(self._key))
        if identity:
            identity.release()

    def note(self, level: str, text: str) -> None:
        """Reports a line of text for people."""
        self._reporter.say(Note(_LEVELS.get(level, "info"), text))

    def _request(self, repo: Repo, author: Author, home_of: int | None) -> WorkspaceRequest:
        return WorkspaceRequest(
            rooms=self._context.rooms,
            key=self._key,
            url=repo.url,
            base=repo.base,
            author=author,
            login=Login.of(repo),
            resume_from=repo.resume_from,
            resume_commit=repo.resume_commit,
            identity=self._context.identities.claim(self._key),
            home_of=None if home_of is None else AttemptKey(self._key.task_id, home_of),
        )

    def _ready(self, of: Workspace, kept: KeptOrder, commit: str | None) -> Revision:
        """What there is to be pushed; `commit` is ordered. Raises PublishRefused, HandedOver."""
        if made := lineage.reported(self._reporter.standing, kept, commit):
            if (noted := stage_result.read(of)) and noted.commit != commit:
                self.note("warning", f"not pushed: {noted.commit}, whose checkpoint was refused")
            return made
        stage, author, login = kept.stage_index, kept.author, Login.of(kept.repo)
        find = partial(checkpoints.to_publish, of, stage, author, login, note=self.note)
        return self.steps.carry_out(Step.PUBLISH, find)

    def _pushed(self, of: Workspace, kept: KeptOrder, ready: Revision) -> PushedBranch:
        """Raises PublishRefused, HandedOver."""
        push = partial(checkpoints.publish, of, ready, Login.of(kept.repo))
        return self.steps.carry_out(Step.PUBLISH, push)

    def _tell(self, state: Literal["preparing", "ready", "removed"]) -> None:
        path = str(self._context.layout.workspace(self._key))
        branch = workspace.branch_of(self._key)
        self._reporter.say(WorkspaceFacts(state, path=path, branch=branch))

    def tell_removed(self) -> None:
        """Reports that the workspace is removed, which is the attempt's last report."""
        self._tell("removed")

    def _tell_ready(self, made: Workspace, resumed: bool) -> None:
        # Asking git would delay the stage; what a checkpoint holds is told after the stage.
        head = "" if resumed else made.base_commit
        facts = WorkspaceFacts("ready", str(made.path), made.branch, made.base_commit, head)
        self._reporter.say(facts)
