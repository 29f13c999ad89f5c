from app.terminals.round_robin import MAX_BATCH, RoundRobin


def filled(number: int) -> RoundRobin[int]:
    queue: RoundRobin[int] = RoundRobin()
    for one in range(number):
        queue.add(one)
    return queue


def test_few_have_their_turn_together() -> None:
    assert filled(MAX_BATCH).next_batch() == (list(range(MAX_BATCH)), 1)


def test_nobody_has_a_turn_where_nobody_is() -> None:
    assert filled(0).next_batch() == ([], 1)


def test_many_have_one_turn_each_in_a_round_of_a_few_at_a_time() -> None:
    number = 10 * MAX_BATCH + 1
    queue = filled(number)
    _, turns = queue.next_batch()
    round_of_them = [queue.next_batch()[0] for _ in range(turns)]
    assert set().union(*round_of_them) == set(range(number))
    assert all(len(some) <= MAX_BATCH for some in round_of_them)
    assert turns == 11


def test_who_comes_has_a_turn_within_a_round_and_who_has_gone_has_none() -> None:
    queue = filled(3 * MAX_BATCH)
    queue.next_batch()
    queue.add(-1)
    queue.discard(MAX_BATCH)
    queue.discard(MAX_BATCH)
    later = [one for _ in range(4) for one in queue.next_batch()[0]]
    assert -1 in later
    assert MAX_BATCH not in later
    assert MAX_BATCH not in queue.all_members()
