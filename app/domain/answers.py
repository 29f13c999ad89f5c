"""Answers to gates that come too late."""

from typing import NamedTuple

from app.domain.errors import Conflict


class Answerer(NamedTuple):
    """The developer who gave the answer that counts."""

    id: int
    name: str


class AlreadyAnswered(Conflict):
    """Someone else already answered."""

    code = "already_answered"

    def __init__(self, answered_by: Answerer, message: str | None = None) -> None:
        super().__init__(message or f"{answered_by.name} already answered.")
        self.answered_by = answered_by
