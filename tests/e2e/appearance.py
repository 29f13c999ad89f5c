"""What one would notice on a page: parts past an edge, and English in the Chinese console."""

import json
import re
from functools import cache

from playwright.sync_api import Error, Page, Response

from demo.console.paths import SOURCE
from tests.e2e.world.scenes import SCENES
from tests.test_prose import TYPESCRIPT_STRINGS

WIDTHS = (360, 768, 1440, 2560)
# Of texts that no catalogue has: time zones, the other language, keys, commands of the scripted
# agents.
NAMES = {"english", "utc", "gmt", "esc", "tab", "ctrl", "log", "oneline", "status", "short"}

# The page and what is over it, if anything is past its right edge or past the window's.
_OVERFLOWS = """() => [...document.querySelectorAll('html, [role=dialog], [role=menu]')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1 ||
    one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1)
  .map((one) => one.getAttribute('role') ?? 'page')"""
_DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"
# Texts and names that are read, without code, which is the same in every language.
_TEXTS = """() => {
  const skipped = 'script, noscript, style, code, kbd, pre, .xterm, .ap-player, ' +
    'tbody[data-places], [lang]:not(html)'
  const texts = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const { parentElement, nodeValue } = walker.currentNode
    if (!parentElement.closest(skipped)) texts.push(nodeValue)
  }
  for (const name of ['aria-label', 'placeholder', 'title', 'alt']) {
    for (const one of document.querySelectorAll(`[${name}]`)) {
      if (!one.closest(skipped)) texts.push(one.getAttribute(name))
    }
  }
  return texts
}"""
_COMMIT = re.compile(r"\b[0-9a-f]{7,40}\b")
_WORD = re.compile(r"[A-Za-z]{3,}")


def list_overflows(page: Page) -> list[str]:
    """What is wider than it may be, at each width; the page keeps the last one."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(_DRAWN)
        found += [f"{each} overflows at {width} px" for each in page.evaluate(_OVERFLOWS)]
    return found


class ServerTexts:
    """The words that the server has sent to a page: names, and what people and agents wrote."""

    def __init__(self, page: Page) -> None:
        # What the agents do comes by the stream, whose text can't be read.
        self.words = words_of(" ".join(texts_of_catalogue("zh")) + json.dumps(SCENES)) | NAMES
        self._responses: list[Response] = []
        page.on("response", lambda response: self._responses.append(response))

    def read(self) -> set[str]:
        """Return all words so far."""
        while self._responses:
            response = self._responses.pop()
            if "json" in response.headers.get("content-type", ""):
                try:
                    self.words |= words_of(response.text())
                except Error:  # the page that asked has been left
                    continue
        return self.words


def list_untranslated(page: Page, known: set[str]) -> list[str]:
    """Texts of the English catalogue, or with a word that is neither in the Chinese one nor the
    server's.
    """
    english = set(texts_of_catalogue("en")) - set(texts_of_catalogue("zh"))
    english -= {text for text in english if words_of(text) <= words_of(json.dumps(SCENES))}
    texts = {_COMMIT.sub("", text).strip() for text in page.evaluate(_TEXTS)}
    wrong = {
        text for text in texts if (text.istitle() and text in english) or words_of(text) - known
    }
    return [f"in English: {text!r}" for text in sorted(wrong)]


def words_of(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


@cache
def texts_of_catalogue(language: str) -> list[str]:
    """The console's texts, with a space for each inserted value."""
    found = []
    for path in (SOURCE / "src" / "i18n" / language).glob("*.ts"):
        text = re.sub(r"^(import|export) .* from .*$", "", path.read_text(), flags=re.MULTILINE)
        for match in TYPESCRIPT_STRINGS.finditer(text):
            found.append(re.sub(r"\$\{[^}]*\}", " ", (match[1] or "")[1:-1]))
    return found
