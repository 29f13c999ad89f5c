"""One attempt's workspace: created for its first stage, kept until the attempt is removed."""

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
    PublishPreview,
    Repo,
    Revision,
    WorkspaceFacts,
)
from muster.protocol.runs import turn_of
from muster.worker.agents import attempt_state, home_setup
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts import lineage, never_started
from muster.worker.attempts.changes import ChangesReporter
from muster.worker.attempts.context import Reporter
from muster.worker.attempts.facts import FactsReporter, FactsWatcher
from muster.worker.attempts.no_sandbox import SandboxSteps, Step
from muster.worker.attempts.task_branch import TaskBranchUpdater
from muster.worker.git import checkpoints, stage_result, workspace
from muster.worker.git.checkpoints import CheckpointRefused, PublishRefused, PushedBranch
from muster.worker.git.errors import WorkRefused
from muster.worker.git.git import GitError
from muster.worker.git.preparation import WorkspaceRequest, prepare_workspace
from muster.worker.git.remote import NO_LOGIN, Login
from muster.worker.git.workspace import Workspace, WorkspaceError
from muster.worker.sandbox import trees
from muster.worker.sandbox.sandbox import SandboxFailed

_MAX_NAMED_FILES = 20  # files in a warning
_LEVELS: dict[str, Literal["info", "warning", "error"]] = {
    "log": "info",
    "info": "info",
    "warning": "warning",
    "error": "error",
}

log = logging.getLogger(__name__)


class AttemptWorkspace:
    """Changes the workspace and reports the results. `abandoned` ends long steps."""

    def __init__(self, reporter: Reporter, abandoned: threading.Event) -> None:
        self._reporter = reporter
        self._context = reporter.context
        self._key = reporter.key
        self._abandoned = abandoned
        self._workspace: Workspace | None = None
        self._facts = FactsReporter(reporter)
        self._changes = ChangesReporter(reporter, abandoned)
        self.steps = SandboxSteps(reporter, abandoned, self.note)

    def restore(self) -> None:
        """Use the workspace that an earlier daemon prepared."""
        found = workspace.find_workspace(self._context.sandboxes, self._key)
        self._workspace = found and replace(found, cancelled=self._abandoned)

    def prepare(self, repo: Repo, author: Author, home_of: int | None = None) -> Workspace:
        """Return the workspace, created if it is missing. `home_of` is the previous attempt whose
        home is reused. Raises WorkspaceError, HandedOver, NoIdentityLeft, OSError."""
        if self._workspace is None:
            self._report_state("preparing")
            request = self._build_request(repo, author, home_of)
            preparation = partial(prepare_workspace, request, self.note, self._abandoned)
            made = self.steps.run_step(Step.PREPARE, preparation)
            self._workspace = replace(made, cancelled=self._abandoned)
            self._report_ready(self._workspace, resumed=repo.resume_from is not None)
            if self._context.repositories.add(repo.url):
                self._context.on_change()
        return self._workspace

    def set_up_home(self, files: Iterable[tuple[str, str]], leaves: Iterable[str]) -> None:
        """Prepares what an agent needs before it starts (`home_setup.build_script`). Warns if that
        fails: the agent may do without. Raises HandedOver."""
        if self._workspace is None:
            return
        script = home_setup.build_script(self._workspace.sandbox.home, files, leaves)
        try:
            if script:
                self.steps.run_step(Step.SET_UP_HOME, partial(self._workspace.run_script, script))
        except GitError as error:
            if not self._abandoned.is_set():
                self.note("warning", f"files for the agent's home: {error.message}")

    def undo_changes(self, *, is_turn: bool = False) -> None:
        """Undo changes since the last stage's checkpoint, and warn; those of a failed check are
        expected (`is_turn`). Only while nothing runs. Raises WorkspaceError, HandedOver."""
        if self._workspace is None or (since := stage_result.read(self._workspace)) is None:
            return
        undone: list[str] = []
        undo = partial(stage_result.undo_changes, self._workspace, since, undone)
        try:
            self.steps.run_step(Step.UNDO, undo)
            if changed := list(dict.fromkeys(undone)):
                unnamed = len(changed) - _MAX_NAMED_FILES
                more = f" and {unnamed} more" if unnamed > 0 else ""
                names = ", ".join(changed[:_MAX_NAMED_FILES]) + more
                what = "by the failed check" if is_turn else "after the last stage had ended"
                self.note("info" if is_turn else "warning", f"changed {what}, and undone: {names}")
        except GitError as error:
            raise WorkspaceError("workspace_broken", error.message) from error

    def checkpoint_user_changes(self, kept: AttemptState, author: Author) -> None:
        """Replace the last checkpoint, also of a suspended stage, by one in the user's name, if the
        workspace has changed; may raise the same."""
        if self._workspace is None or (since := stage_result.read(self._workspace)) is None:
            return
        if kept.stage_index < 0:
            return  # it runs no stage: it pushes another attempt's checkpoint
        look = partial(stage_result.is_changed, self._workspace, since)
        try:
            is_changed = self.steps.run_step(Step.FIND_USER_CHANGES, look)
        except (GitError, WorkspaceError, SandboxFailed) as error:
            if not self._abandoned.is_set():
                self.note("warning", f"can't read the workspace: {error}")
            return
        if not is_changed:
            return
        try:
            self.checkpoint(kept, author, in_part=self._reporter.progress.suspended)
        except WorkspaceError as error:
            self._reporter.report_failed(error.code, error.message)

    def checkpoint(
        self, state: AttemptState, author: Author | None = None, *, in_part: bool = False
    ) -> None:
        """Push a checkpoint, by default as the order's author; report it or a warning, then the
        facts. `in_part`: of a suspended stage. Raises WorkspaceError for unusable work."""
        if self._workspace is None:
            self.note("warning", "checkpoint refused: the workspace is gone")
            return
        login = Login.from_repo(state.repo)
        stage = (state.stage_index, state.stage_name, author or state.author, login)
        push = partial(checkpoints.push_checkpoint, self._workspace, *stage)
        at = (state.stage_index, state.run)
        is_renewed = self._reporter.progress.is_renewal(*at, in_part=in_part)
        about = {"in_part": in_part, "is_renewed": is_renewed, "turn": turn_of(state.run)}
        make = partial(push, note=self.note, **about)
        try:
            follows = lineage.previous_revision(self._reporter.progress, self._workspace, state)
            made = self.steps.run_step(Step.CHECKPOINT, make)
        except WorkRefused as refused:
            raise WorkspaceError(refused.code, refused.message) from refused
        except (CheckpointRefused, GitError, SandboxFailed) as refused:
            if not self._abandoned.is_set():
                self.note("warning", f"checkpoint refused: {refused}")
                self.report_facts()
        else:
            fields = (state.stage_index, made.ref, made.commit, made.diff, state.run, in_part)
            self._reporter.report(Checkpoint(*fields, made.tree, follows))
            self._run_in_background(
                partial(self._facts.report_committed, self._workspace, made.commit, made.diff)
            )
            self.report_changes(state)

    def report_changes(self, kept: AttemptState) -> None:
        """Report the last checkpoint's changes, as far as they are unreported."""
        if self._workspace is not None:
            self._changes.report_checkpoint(self._workspace, kept)

    def publish(self, kept: AttemptState | None, order: Publish) -> None:
        """Push exactly the ordered commit, and move the task's branch if ordered. Reports
        `Published`, `BranchRefused`, `Failed` or `PublishPreview`. Raises HandedOver."""
        if self._reporter.progress.last_refused_push >= order.number:
            return  # the server knows, or will know
        try:
            if self._workspace is None or kept is None:
                raise PublishRefused("the workspace is gone")
            ready = self._find_revision(self._workspace, kept, order.commit)
            if order.commit not in (None, ready.commit):
                words = f"the work here is {ready.commit}, but {order.commit} was to be pushed"
                self._reporter.report_failed("not_what_was_approved", words)
                return
            if order.announce:
                follows = lineage.previous_revision(self._reporter.progress, self._workspace, kept)
                preview = PublishPreview(order.number, ready.commit, ready.tree, follows)
                self._reporter.report(preview)
                return
            made = self._push_branch(self._workspace, kept, ready)
            if not self._changes.report_push(self._workspace, kept, made.commit):
                return  # it is finished, or left to the next daemon
        except WorkRefused as refused:
            self._reporter.report_failed(refused.code, refused.message)
        except (PublishRefused, GitError) as refused:
            if not self._abandoned.is_set():  # otherwise the next daemon pushes, or none
                self._reporter.report_failed("publish_failed", str(refused))
        else:
            mirror = self._workspace.mirror(Login.from_repo(kept.repo))
            branch = TaskBranchUpdater(self._reporter, self._abandoned, mirror)
            branch.report_published(made, order)

    def report_facts(self) -> None:
        """Report the workspace's facts, and return when all processes for that have exited."""
        if self._workspace is not None:
            self._facts.report_facts(self._workspace, cancelled=self._abandoned)

    def _run_in_background(self, act: Callable[[], None]) -> None:
        name = f"workspace-{self._key.name}-look"
        threading.Thread(target=act, name=name, daemon=True).start()

    @contextmanager
    def watch_facts(self) -> Iterator[None]:
        """Report changes in the workspace within this context."""
        if self._workspace is None:
            yield
            return
        log_file = self._context.layout.attempt(self._key) / "log"
        with FactsWatcher(self._facts, self._workspace, log_file):
            yield

    def remove(self, kept: AttemptState | None, *, keep_checkpoints: bool) -> None:
        """Removes workspace and uid, and the remote's checkpoints unless kept. Raises OSError."""
        self._facts.close()
        found = self._workspace or workspace.find_workspace(self._context.sandboxes, self._key)
        if found is not None and not keep_checkpoints:
            login = Login.from_repo(kept.repo) if kept else NO_LOGIN
            checkpoints.remove_workspace(found, login, note=self.note)
        else:
            self._remove_workspace(found)
        self._context.limits.end_attempt(self._key.name)

    def release(self) -> None:
        """Remove workspace and uid of an attempt that can't continue, if nothing of it can be
        needed: no stage has run here, and no other attempt uses the home. Otherwise, or on failure,
        they stay until the attempt is removed."""
        directory = self._context.layout.attempt(self._key)
        kept = attempt_state.read(directory)
        if (kept and kept.reused_home_of is not None) or never_started.may_have_run(directory):
            return
        try:
            self._context.tunnels.close_and_wait(self._key)
            self._remove_workspace(
                self._workspace or workspace.find_workspace(self._context.sandboxes, self._key)
            )
        except OSError as error:
            log.warning("task %d, attempt %d keeps its workspace: %s", *self._key, error)
        else:
            self._workspace = None

    def _remove_workspace(self, found: Workspace | None) -> None:
        """Remove the workspace. Raises OSError."""
        if found is not None:
            found.remove()
            return
        # A failed preparation leaves its uid in use, and possibly a reused home.
        identity = self._context.uid_allocator.find_claimed(self._key)
        if identity:
            identity.kill()
        layout = self._context.layout
        trees.remove(
            *(
                place(self._key)
                for place in (layout.workspace, layout.attempt_home, layout.attempt_images)
            )
        )
        if identity:
            identity.release()

    def note(self, level: str, text: str) -> None:
        """Report a line of text for people."""
        self._reporter.report(Note(_LEVELS.get(level, "info"), text))

    def _build_request(self, repo: Repo, author: Author, home_of: int | None) -> WorkspaceRequest:
        return WorkspaceRequest(
            sandboxes=self._context.sandboxes,
            key=self._key,
            url=repo.url,
            base=repo.base,
            author=author,
            login=Login.from_repo(repo),
            resume_from=repo.resume_from,
            resume_commit=repo.resume_commit,
            identity=self._context.uid_allocator.claim(self._key),
            home_of=None if home_of is None else AttemptKey(self._key.task_id, home_of),
        )

    def _find_revision(self, of: Workspace, kept: AttemptState, commit: str | None) -> Revision:
        """Return the revision to push for `commit`. Raises PublishRefused, HandedOver."""
        if made := lineage.reported_revision(self._reporter.progress, kept, commit):
            if (noted := stage_result.read(of)) and noted.commit != commit:
                self.note("warning", f"not pushed: {noted.commit}, whose checkpoint was refused")
            return made
        stage, author, login = kept.stage_index, kept.author, Login.from_repo(kept.repo)
        find = partial(checkpoints.find_publish_revision, of, stage, author, login)
        at = {"note": self.note, "turn": turn_of(kept.run)}
        return self.steps.run_step(Step.PUBLISH, partial(find, **at))

    def _push_branch(self, of: Workspace, kept: AttemptState, ready: Revision) -> PushedBranch:
        """Push the branch. Raises PublishRefused, HandedOver."""
        push = partial(checkpoints.push_branch, of, ready, Login.from_repo(kept.repo))
        return self.steps.run_step(Step.PUBLISH, push)

    def _report_state(self, state: Literal["preparing", "ready", "removed"]) -> None:
        path = str(self._context.layout.workspace(self._key))
        branch = workspace.branch_name(self._key)
        self._reporter.report(WorkspaceFacts(state, path=path, branch=branch))

    def report_removed(self) -> None:
        """Report that the workspace is removed, the attempt's last report."""
        self._report_state("removed")

    def _report_ready(self, made: Workspace, resumed: bool) -> None:
        # Asking git would delay the stage; a checkpoint's content is reported after the stage.
        head = "" if resumed else made.base_commit
        facts = WorkspaceFacts("ready", str(made.path), made.branch, made.base_commit, head)
        self._reporter.report(facts)
