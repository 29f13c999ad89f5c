"""The fonts that the console names, as Chromium finds them on this machine."""

import pytest
from playwright.sync_api import Browser

from demo.console.paths import SOURCE

TOKENS = SOURCE / "src" / "styles" / "tokens.css"


@pytest.mark.needs("fonts-liberation")
def test_a_curly_quote_is_narrow_and_a_chinese_character_square(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(
        f"<style>{TOKENS.read_text()} span {{ font: 100px var(--sans) }}</style>"
        "<span>\u2019</span> <span>文</span>"
    )
    widths = page.evaluate(
        "[...document.querySelectorAll('span')].map((each) => each.getBoundingClientRect().width)"
    )
    page.close()
    assert widths[0] < 40
    assert widths[1] == 100
