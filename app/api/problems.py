"""Which errors a route may answer with, for the OpenAPI document."""

from collections.abc import Callable
from typing import Any

from app.api.blueprint import Blueprint
from app.domain.errors import DomainError

View = Callable[..., Any]
Kind = int | type[DomainError]


def problems(blp: Blueprint, *kinds: Kind) -> Callable[[View], View]:
    """What the route itself has to tell: errors of the domain, or plain statuses.

    What follows from its path, method and arguments is added by `app.api.openapi.answers`.
    """

    def document(view: View) -> View:
        blp.remember_problems(view, kinds)
        return view

    return document
