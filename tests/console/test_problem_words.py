"""What the server refuses, which it says in English, the console says in 简体中文 by its code."""

import re
from pathlib import Path

from demo.console.paths import SOURCE

CONTRACT = Path("docs/contract.md").read_text()


def test_every_code_of_the_contract_has_words_in_chinese() -> None:
    _, table = CONTRACT.split("| status | codes |", 1)
    codes = re.findall(
        r"`([a-z]+(?:_[a-z]+)+|forbidden|unauthenticated|unavailable)`", table.split("\n\n", 1)[0]
    )
    words = (SOURCE / "src" / "i18n" / "zh" / "problems.ts").read_text()
    known = set(re.findall(r"^  ([a-z_]+): '", words, re.MULTILINE))
    assert set(codes) <= known
