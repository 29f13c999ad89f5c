"""What every command starts from: which server, in whose name, and how to speak to it."""

import os
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from muster.cli import profiles
from muster.cli.client import Api
from muster.cli.credentials import Credentials, StaticToken, StoredCredentials
from muster.cli.profiles import Config, Profile

if TYPE_CHECKING:
    import httpx


class Muster:
    """What was said before the noun (`--profile`, `--server`), and what follows from it."""

    def __init__(
        self, profile: str = "", server: str = "", transport: "httpx.BaseTransport | None" = None
    ) -> None:
        self._profile, self._server, self.transport = profile, server, transport

    @cached_property
    def config(self) -> Config:
        return profiles.read_config()

    @cached_property
    def profile(self) -> Profile:
        """The one that was named, else the one of the named server, else the current one.

        A server that none is of has one without a name; so has nothing at all, with no server.
        """
        if self._profile:
            return self.config.find_profile(self._profile)
        server = self._server or os.environ.get("MUSTER_SERVER", "")
        if server:
            url = profiles.normalize_server_url(server)
            return self.config.find_by_server(url) or Profile("", url)
        if self.config.current:
            return self.config.find_profile(self.config.current)
        return Profile("", "")

    @cached_property
    def credentials(self) -> Credentials:
        """`MUSTER_TOKEN` before what is stored, but not at a server that it is not of."""
        token = os.environ.get("MUSTER_TOKEN", "").strip()
        if token and self._is_environment_server:
            return StaticToken(token)
        return StoredCredentials(self.profile) if self.profile.name else StaticToken()

    @property
    def _is_environment_server(self) -> bool:
        """Whether the server is that of `MUSTER_SERVER`, or none was named beside the variables."""
        if not (self._profile or self._server):
            return True
        server = os.environ.get("MUSTER_SERVER", "")
        return bool(server) and profiles.normalize_server_url(server) == self.profile.server

    @cached_property
    def api(self) -> Api:
        return self.api_with(self.credentials)

    def api_with(self, credentials: Credentials, profile: Profile | None = None) -> Api:
        """The API with another credential, or of another server."""
        there = profile or self.profile
        return Api(there.server, credentials, ca_file_for(there), self.transport)


def ca_file_for(profile: Profile) -> str:
    """The authority of its server's certificate; empty: one that the system knows."""
    return profile.ca_file or os.environ.get("MUSTER_CA_FILE", "")


pass_muster: Callable[[Callable[..., Any]], Callable[..., Any]] = click.make_pass_decorator(Muster)


def quote_segment(path: object) -> str:
    """A part of a path as it may stand in a URL."""
    from urllib.parse import quote

    return quote(str(path), safe="")
