from app.pty.round_robin import SOME, Rota


def filled(number: int) -> Rota[int]:
    rota: Rota[int] = Rota()
    for one in range(number):
        rota.add(one)
    return rota


def test_few_have_their_turn_together() -> None:
    assert filled(SOME).turn() == (list(range(SOME)), 1)


def test_nobody_has_a_turn_where_nobody_is() -> None:
    assert filled(0).turn() == ([], 1)


def test_many_have_one_turn_each_in_a_round_of_a_few_at_a_time() -> None:
    number = 10 * SOME + 1
    rota = filled(number)
    _, turns = rota.turn()
    round_of_them = [rota.turn()[0] for _ in range(turns)]
    assert set().union(*round_of_them) == set(range(number))
    assert all(len(some) <= SOME for some in round_of_them)
    assert turns == 11


def test_who_comes_has_a_turn_within_a_round_and_who_has_gone_has_none() -> None:
    rota = filled(3 * SOME)
    rota.turn()
    rota.add(-1)
    rota.discard(SOME)
    rota.discard(SOME)
    later = [one for _ in range(4) for one in rota.turn()[0]]
    assert -1 in later
    assert SOME not in later
    assert SOME not in rota.everybody()
