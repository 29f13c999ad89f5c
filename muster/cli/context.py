"""The context of every command: the server, the credentials and the API client."""

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
    """The global options (`--profile`, `--server`) and what they select."""

    def __init__(
        self, profile: str = "", server: str = "", transport: "httpx.BaseTransport | None" = None
    ) -> None:
        self._profile, self._server, self.transport = profile, server, transport

    @cached_property
    def config(self) -> Config:
        return profiles.read_config()

    @cached_property
    def profile(self) -> Profile:
        """The named profile, else the named server's, else the current one.

        A server without a profile gets one with no name. With no server at all, its URL is empty,
        too.
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
        """`MUSTER_TOKEN` if it belongs to this server, else the stored credentials."""
        token = os.environ.get("MUSTER_TOKEN", "").strip()
        if token and self._is_environment_server:
            return StaticToken(token)
        return StoredCredentials(self.profile) if self.profile.name else StaticToken()

    @property
    def _is_environment_server(self) -> bool:
        """Whether the server is `MUSTER_SERVER`'s, or no option names one."""
        if not (self._profile or self._server):
            return True
        server = os.environ.get("MUSTER_SERVER", "")
        return bool(server) and profiles.normalize_server_url(server) == self.profile.server

    @cached_property
    def api(self) -> Api:
        return self.api_with(self.credentials)

    def api_with(self, credentials: Credentials, profile: Profile | None = None) -> Api:
        """Return a client with other credentials, or for another server."""
        there = profile or self.profile
        return Api(there.server, credentials, ca_file_for(there), self.transport)


def ca_file_for(profile: Profile) -> str:
    """Return the CA file for the profile's server; empty to use the system's CAs."""
    return profile.ca_file or os.environ.get("MUSTER_CA_FILE", "")


pass_muster: Callable[[Callable[..., Any]], Callable[..., Any]] = click.make_pass_decorator(Muster)


def quote_segment(path: object) -> str:
    """Percent-encode one segment of a URL's path."""
    from urllib.parse import quote

    return quote(str(path), safe="")
