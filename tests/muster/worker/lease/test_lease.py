from muster.worker.lease.lease import Lease


def test_there_is_no_lease_before_the_server_has_answered() -> None:
    lease = Lease()
    lease.record_sent(0, at=100.0)
    assert lease.deadline is None


def test_a_lease_runs_from_when_the_answered_heartbeat_was_sent() -> None:
    lease = Lease()
    lease.record_sent(1, at=100.0)
    lease.record_sent(2, at=110.0)
    lease.record_answered(1, seconds=600.0)
    assert lease.deadline == 700.0
    lease.record_answered(2, seconds=600.0)
    assert lease.deadline == 710.0


def test_an_answer_to_nothing_that_was_sent_prolongs_nothing() -> None:
    lease = Lease()
    lease.record_sent(1, at=100.0)
    lease.record_answered(1, seconds=600.0)
    lease.record_answered(2, seconds=6000.0)
    lease.record_answered(1, seconds=6000.0)
    assert lease.deadline == 700.0


def test_a_new_connection_cannot_answer_what_the_old_one_sent() -> None:
    lease = Lease()
    lease.record_sent(4, at=100.0)
    lease.discard_unanswered()
    lease.record_answered(4, seconds=600.0)
    assert lease.deadline is None


def test_an_answer_that_was_overtaken_shortens_nothing() -> None:
    lease = Lease()
    lease.record_sent(1, at=100.0)
    lease.record_answered(1, seconds=600.0)
    lease.record_sent(2, at=110.0)
    lease.record_answered(2, seconds=1.0)
    assert lease.deadline == 700.0


def test_a_promise_of_before_is_kept_however_short_the_next_one_is() -> None:
    lease = Lease()
    lease.extend_to(100.0)
    lease.record_sent(0, 10.0)
    lease.record_answered(0, 5.0)
    assert lease.deadline == 100.0
    lease.extend_to(50.0)
    assert lease.deadline == 100.0
