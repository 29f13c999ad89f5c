"""A browser without scripts: it keeps cookies, follows redirects and sends forms."""

import re
from typing import Any
from urllib.parse import urljoin

import httpx

_ACTION = re.compile(r'<form[^>]*\baction="([^"]+)"')
_FIELD = re.compile(r'<input[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"')


class Browser:
    """What somebody does in one."""

    def __init__(self, home: str) -> None:
        self.home = home
        self._client = httpx.Client(follow_redirects=True, timeout=30.0)

    def close(self) -> None:
        self._client.close()

    def leaves_the_provider(self) -> None:
        """Its cookies there are gone."""
        jar = self._client.cookies.jar
        for cookie in [each for each in jar if not each.name.startswith("muster")]:
            jar.clear(cookie.domain, cookie.path, cookie.name)

    def goes(self, url: str) -> httpx.Response:
        return self._client.get(urljoin(self.home, url))

    def sends(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """The page's form, with these fields besides its hidden ones."""
        action = _ACTION.search(page.text)
        assert action, page.text
        hidden = dict(_FIELD.findall(page.text))
        url = urljoin(str(page.url), action[1].replace("&amp;", "&"))
        return self._client.post(url, data={**hidden, **fields})

    def signs_in(self, login: str, start: str = "/api/auth/oidc/corp/start?next=/healthz") -> str:
        """Where they are in the end."""
        page = self.goes(start)
        if 'name="login"' in page.text:
            page = self.sends(page, login=login, password="any")
        if 'value="consent"' in page.text:
            page = self.sends(page)
        return str(page.url).removeprefix(self.home)

    def posts(self, path: str, json: Any, bearer: str | None = None) -> httpx.Response:
        """As a script of a page of ours does."""
        headers = {"Origin": self.home}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        return self._client.post(f"{self.home}{path}", json=json, headers=headers)

    def access_token(self) -> str | None:
        token: str | None = self.posts("/api/auth/browser/refresh", {}).json()["accessToken"]
        return token

    def asks(self, path: str, bearer: str) -> httpx.Response:
        return httpx.get(f"{self.home}{path}", headers={"Authorization": f"Bearer {bearer}"})
