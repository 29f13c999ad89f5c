"""What the server refuses, which it says in English, the console says in 简体中文 by its code."""

import re

from demo.console.paths import SOURCE
from tests.contract import codes_table

CODES = {code for _, code in codes_table.PROBLEMS}


def test_every_code_of_a_problem_has_words_in_chinese() -> None:
    words = (SOURCE / "src" / "i18n" / "zh" / "problems.ts").read_text()
    known = set(re.findall(r"^  ([a-z_]+): '", words, re.MULTILINE))
    assert known >= CODES
