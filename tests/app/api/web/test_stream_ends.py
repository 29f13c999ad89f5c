"""GET /api/web/stream ends with the right to it, whatever ends that."""

from datetime import timedelta

import pytest
from flask import Flask

from app.api.streams import hub
from app.extensions import db
from app.models import Developer, Project, ProjectMember, Task
from app.services.accounts import auth
from tests.app.api.web.stream_world import (
    ENDS,
    SECONDS,
    Listen,
    ada,
    end_session,
    happen,
    listen,
    messages,
    project,
    task,
)
from tests.factories import begin_login, make_personal_token, make_project, make_task

__all__ = ["ada", "listen", "project", "task"]

pytestmark = pytest.mark.usefixtures("committed_app")


def test_who_is_no_member_any_more_gets_nothing_more(
    listen: Listen, ada: Developer, task: Task
) -> None:
    listener = listen(ada)
    listener.next()
    member = db.session.get_one(ProjectMember, (task.project_id, ada.id))
    db.session.delete(member)
    db.session.commit()
    happen(task, "not for her")
    happen(make_task(project=make_project(members=[ada])), "for her")
    assert messages(listener.updates(1)) == ["for her"]


@pytest.mark.parametrize("how", ENDS)
def test_a_stream_ends_with_the_right_to_it(listen: Listen, ada: Developer, how: str) -> None:
    row, secret = make_personal_token(ada)
    login = begin_login(ada)
    listener = listen(ada, bearer=secret if how.startswith("token") else login.access_token)
    listener.next()
    end_session(ada, how, login, row)
    message = listener.next()
    assert (message.event, message.data) == ("end", {"reason": "signed_out"})
    assert listener.is_over.wait(SECONDS)


def test_another_login_s_end_ends_no_stream(
    listen: Listen, ada: Developer, project: Project, task: Task
) -> None:
    gone, stays = begin_login(ada), begin_login(ada)
    ended, listener = (listen(ada, bearer=login.access_token) for login in (gone, stays))
    assert [ended.next().event, listener.next().event] == ["hello", "hello"]
    auth.refresh(stays.refresh_token)  # which is the same login
    auth.logout(ada, gone.refresh_token)
    assert ended.next().data == {"reason": "signed_out"}
    happen(task, "still told")
    assert messages(listener.updates(1)) == ["still told"]


def test_who_has_signed_out_gets_no_stream_with_what_is_left_of_an_access_token(
    listen: Listen, ada: Developer
) -> None:
    login = begin_login(ada)
    auth.logout(ada, login.refresh_token)
    assert listen(ada, bearer=login.access_token).status == 401


def test_a_logout_ends_a_stream_at_once(
    listen: Listen, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "POLL_SECONDS", 2 * SECONDS)  # so that only a wake-up is in time
    login = begin_login(ada)
    listener = listen(ada, bearer=login.access_token)
    listener.next()
    auth.logout(ada, login.refresh_token)
    assert listener.next().data == {"reason": "signed_out"}


def test_a_stream_ends_with_its_access_token(
    listen: Listen, committed_app: Flask, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = timedelta(seconds=2)  # of which up to one is over by then: it ends with a whole one
    monkeypatch.setitem(committed_app.config, "JWT_ACCESS_TOKEN_EXPIRES", life)
    listener = listen(ada)
    assert listener.next().event == "hello"
    message = listener.next()
    assert (message.event, message.data) == ("end", {"reason": "signed_out"})
