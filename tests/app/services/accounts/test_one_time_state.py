"""What is kept for some minutes under a secret is taken once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.domain.errors import TooManyAttempts
from app.extensions import redis
from app.services.accounts import one_time_state


def test_of_many_who_come_with_the_secret_one_has_it(committed_app: Flask) -> None:
    one_time_state.store("kind", "secret", {"a": 1}, 60)

    def claim(_: int) -> object:
        with committed_app.app_context():
            return one_time_state.consume("kind", "secret")

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(claim, range(8)))
    assert sorted(map(bool, taken)) == [False] * 7 + [True]


def test_it_goes_by_itself_and_its_secret_is_nowhere(app: Flask) -> None:
    one_time_state.store("kind", "a secret", {}, 60)
    (key,) = redis.client.keys("*")
    assert b"a secret" not in key
    assert 0 < redis.client.ttl(key) <= 60


def test_a_kind_opens_no_other(app: Flask) -> None:
    one_time_state.store("kind", "secret", {}, 60)
    assert one_time_state.consume("other", "secret") is None


def test_counting_ends_in_a_refusal_for_each_by_itself(app: Flask) -> None:
    one_time_state.limit_rate("kind", "192.0.2.1", 1)
    one_time_state.limit_rate("kind", "192.0.2.2", 1)
    with pytest.raises(TooManyAttempts):
        one_time_state.limit_rate("kind", "192.0.2.1", 1)
