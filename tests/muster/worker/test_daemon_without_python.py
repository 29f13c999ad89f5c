"""A machine on which attempts can't run any Python reports that before it gets a task."""

import logging
from dataclasses import replace

import pytest

from muster.worker import commands
from muster.worker.doctor.finding import Machine
from muster.worker.doctor.sandbox import CHECKS
from muster.worker.sandbox import detection
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.sandboxes import Sandboxes
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

WHY = "attempts can't run any Python: it is closed; install Python 3.11 or newer"


@pytest.fixture(autouse=True)
def without_python(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_none(rooms: Sandboxes) -> Sandboxes:
        return replace(rooms, python_missing=WHY)

    monkeypatch.setattr(detection, "_choose_interpreter", find_none)


def test_it_is_unhealthy_from_its_first_word_on(worker: WorkerHome) -> None:
    server = worker.start().server

    def reasons() -> set[str]:
        capability_lists = [beat.capabilities for _, beat in server.heartbeats if beat.capabilities]
        latest = capability_lists[-1] if capability_lists else server.hellos[-1].capabilities
        return {each.reason for each in latest if not each.healthy and each.reason}

    server.wait_for(lambda: WHY in reasons())


def test_enroll_reports_it(worker: WorkerHome, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        commands._report_missing_python(worker.layout)
    assert f"this machine gets no work until this is fixed: {WHY}" in caplog.text


def test_the_doctor_reports_it_as_what_stops_work(worker: WorkerHome) -> None:
    (check,) = (check for name, check in CHECKS if name == "Python of attempts")
    (found,) = check(Machine(worker.layout.home))
    assert (found.level, found.text) == ("fail", WHY)
    assert detect(worker.layout).python_missing == WHY
