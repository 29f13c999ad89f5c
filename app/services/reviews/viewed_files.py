"""Files that someone has viewed: a mark ends when the file changes."""

from sqlalchemy import Select, delete, false, select, text
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import HeadChanged
from app.domain.roles import Permission
from app.extensions import db
from app.models import ChangedFile, Developer, ViewedFile
from app.services import rights
from app.services.changes import change_queries
from app.services.clock import now as clock_now
from app.services.tasks import queries


def listing(actor: Developer, task_id: int) -> Select[ViewedFile]:
    """Return the actor's marks on the task's latest work, in any order. Raises NotFound."""
    change = change_queries.find_change(queries.get(actor, task_id))
    query = select(ViewedFile).where(
        ViewedFile.task_id == task_id, ViewedFile.developer_id == actor.id
    )
    if change is None:
        return query.where(false())
    of_file = (ChangedFile.path == ViewedFile.path) & (ChangedFile.blob == ViewedFile.blob)
    return query.join(ChangedFile, of_file).where(ChangedFile.change_id == change.id)


def set_viewed(
    actor: Developer, task_id: int, *, path: str, blob: str | None, viewed: bool
) -> None:
    """Mark a file of the latest change as viewed, in its version `blob` (None: it's deleted), or
    remove the mark.

    Can be repeated. Commits. Raises NotFound, Forbidden, HeadChanged if the file has changed.
    """
    task = queries.get(actor, task_id)
    rights.require(Permission.REVIEW, actor, task.project)
    if not viewed:
        mine = delete(ViewedFile).where(
            ViewedFile.task_id == task_id,
            ViewedFile.developer_id == actor.id,
            text("md5(path) = md5(:path)").bindparams(path=path),
        )
        db.session.execute(mine)
        db.session.commit()
        return
    change = change_queries.find_change(task)
    file = change_queries.find_file(change, path) if change else None
    if file is None or file.blob != (blob or ""):
        raise HeadChanged("The file has changed or was deleted. Review the latest version.")
    fresh = {"blob": file.blob, "viewed_at": clock_now()}
    known = {"task_id": task_id, "developer_id": actor.id, "path": path}
    put = insert(ViewedFile).values(**known, **fresh)
    put = put.on_conflict_do_update(
        index_elements=[ViewedFile.task_id, ViewedFile.developer_id, text("md5(path)")], set_=fresh
    )
    db.session.execute(put)
    db.session.commit()
