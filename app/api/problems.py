"""The errors that a route may return, for the OpenAPI document."""

from collections.abc import Callable
from typing import Any

from app.api.blueprint import Blueprint
from app.domain.errors import DomainError

View = Callable[..., Any]
Kind = int | type[DomainError]


def problems(blp: Blueprint, *kinds: Kind) -> Callable[[View], View]:
    """Declare a route's own errors: domain exceptions, or plain statuses.

    `app.api.openapi.problem_responses` adds those that follow from the route's path, method and
    arguments.
    """

    def document(view: View) -> View:
        blp.remember_problems(view, kinds)
        return view

    return document
