"""A person in front of a browser, who knows only what the pages show.

Controls are found by their roles and visible names, never by addresses or the page's structure.
`Tally` counts what it takes.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from typing import Literal, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Frame, Locator, Page, expect

from tests.e2e.visitor import DESK
from tests.wait import wait_until

TIMEOUT_SECONDS = 120.0
TIMEOUT_MS = TIMEOUT_SECONDS * 1000
PAUSE_MS = 100.0

Role = Literal["button", "link", "tab", "menuitem", "checkbox", "radio", "dialog", "region"]
PRESSABLE: tuple[Role, ...] = ("button", "link", "tab", "menuitem", "checkbox", "radio")


@dataclass
class Tally:
    """What a walk has taken: the clicks, the pages that were shown, and the time of each part."""

    clicks: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    parts: dict[str, float] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)  # other servers' pages, and documentation

    @property
    def seconds(self) -> float:
        return sum(self.parts.values())

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.parts[part] = self.parts.get(part, 0.0) + time.monotonic() - began

    def describe(self) -> str:
        parts = ", ".join(f"{part} {seconds:.0f} s" for part, seconds in self.parts.items())
        counts = f"{len(self.clicks)} clicks, {len(self.pages)} pages, {self.seconds:.0f} s"
        return f"The walk took {counts} ({parts})\nClicks: {' → '.join(self.clicks)}"


class Area:
    """A part of a page, such as a dialog."""

    def __init__(self, tally: Tally, scope: Page | Locator) -> None:
        self._tally, self._scope = tally, scope

    def press(self, name: str) -> None:
        """Press the first control whose name has this in it, as a regular expression."""
        control = self._find_control(name)
        expect(control).to_be_enabled(timeout=TIMEOUT_MS)
        self._tally.clicks.append(" ".join(control.inner_text().split()) or name)
        control.click()

    def offers(self, name: str, otherwise: str) -> bool:
        """Return whether there is such a control, or else a field of the other name, once one of
        them is shown.
        """
        control, field = self._find_control(name), self._find_field(otherwise)
        expect(control.or_(field).first).to_be_visible(timeout=TIMEOUT_MS)
        return control.is_visible()

    def fill(self, label: str, text: str) -> None:
        self._find_field(label).fill(text)

    def choose(self, label: str, option: str) -> None:
        """Choose the option of a list whose name has this in it."""
        choices = self._scope.get_by_role("combobox", name=_pattern(label)).first
        names = choices.get_by_role("option").all_inner_texts()
        wanted = next(name for name in names if _pattern(option).search(name))
        self._tally.clicks.append(wanted)
        choices.select_option(label=wanted)

    def wait_for(self, text: str) -> str:
        """Wait for a text that matches; return its match, or the match's group."""
        pattern = re.compile(text, re.IGNORECASE | re.MULTILINE)

        def find() -> re.Match[str] | None:
            return pattern.search(self.text)

        found = wait_until(find, text, TIMEOUT_SECONDS, pause=self._pause)
        return found.group(found.lastindex or 0)

    def wait_until_gone(self, role: Role, name: str) -> None:
        """Wait until no such part is shown any more."""
        part = self._scope.get_by_role(role, name=_pattern(name))
        expect(part).to_have_count(0, timeout=TIMEOUT_MS)

    @property
    def text(self) -> str:
        """Everything that it shows."""
        scope = self._scope
        return (scope if isinstance(scope, Locator) else scope.get_by_role("document")).inner_text()

    def item(self, text: str) -> "Area":
        """Return the list item that has this text, once it is shown."""
        found = self._scope.get_by_role("listitem").filter(has_text=_pattern(text)).first
        expect(found).to_be_visible(timeout=TIMEOUT_MS)
        return Area(self._tally, found)

    def area(self, role: Role, name: str) -> "Area":
        """Return a part of this one, once it is shown."""
        part = self._scope.get_by_role(role, name=_pattern(name)).filter(visible=True).last
        expect(part).to_be_visible(timeout=TIMEOUT_MS)
        return Area(self._tally, part)

    def _find_control(self, name: str) -> Locator:
        found = [self._scope.get_by_role(role, name=_pattern(name)) for role in PRESSABLE]
        return reduce(Locator.or_, found).filter(visible=True).first

    def _find_field(self, label: str) -> Locator:
        return self._scope.get_by_role("textbox", name=_pattern(label)).filter(visible=True).first

    def _pause(self) -> None:
        page = self._scope.page if isinstance(self._scope, Locator) else self._scope
        page.wait_for_timeout(PAUSE_MS)


class Walker(Area):
    """A browser of a person's own, with one page. Pages of other servers fail the walk."""

    def __init__(self, browser: Browser, tally: Tally) -> None:
        self._context = browser.new_context(viewport=DESK, locale="en-US", timezone_id="UTC")
        self._context.set_default_timeout(TIMEOUT_MS)
        self._page, self._origin = self._context.new_page(), ""
        super().__init__(tally, self._page)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def open(self, address: str) -> None:
        """Type an address that something has printed or shown."""
        self._origin = urlsplit(address).netloc
        self._page.on("framenavigated", self._count_page)
        self._page.goto(address)

    def _count_page(self, frame: Frame) -> None:
        if frame.parent_frame:
            return
        address = urlsplit(frame.url)
        page = address.path
        if address.netloc != self._origin or "docs" in page:
            self._tally.elsewhere.append(frame.url)
        if [page] != self._tally.pages[-1:]:
            self._tally.pages.append(page)


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(name, re.IGNORECASE)
