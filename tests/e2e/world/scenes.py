"""What the stand-in for claude does for each task: by the first line of its description, then by
stage (`plan`, `develop`, `changelog`, or `again` in rounds that follow) the steps of `actor.py`."""

from typing import Any

Steps = list[list[Any]]

HALF_EVEN = "Round invoice lines half-even before summing"
ADDRESS = "Post the address form to one endpoint only"
UPLOAD = "Retry the upload on 503"
CART = "Drop the legacy /v1/cart routes"
VAT = "Move the VAT table into the settings"
PAGES = "Bring the on-call pages up to date"
FIELD = "Say which field is wrong in a 422"
FLAGS = "Look for dead feature flags"
TOKENIZER = "Try the new tokenizer"
IMAGE = "Upgrade the image builder"
CHECKOUT = "Translate the checkout errors"
CSV = "Refuse CSV rows with too many cells"
SPENT = "Type the search client strictly"
RETRIES = "Explain the retry policy in the docs"
CREDIT = "Number credit notes by year"
NAMES = "Shorten the names of the pages"
UNREAD = "Rename the glossary"
LATE = "List the pages without an owner"
TESTS = "Run the tests of the tools"

_TESTS = """\
class TestHalves(unittest.TestCase):
    def test_halves_of_a_cent_go_to_the_even_one(self) -> None:
        lines = [Line("a", Decimal("0.50"), Decimal("0.01")), Line("b", Decimal("1.50"), Decimal("0.01"))]
        self.assertEqual(total(lines), Decimal("2.02"))


if __name__"""

_WIRE = """\
import type { Address, Draft } from "./address";

/** The v2 endpoint calls the company `organisation`. */
export interface Wire extends Omit<Address, "company"> {
  organisation?: string;
}

export function toWire({ company, ...rest }: Draft): Omit<Wire, "id"> {
  return { ...rest, organisation: company };
}

export function fromWire({ organisation, ...rest }: Wire): Address {
  return { ...rest, company: organisation };
}
"""
_FAILING = """\
FAIL tests/address.test.ts
  ✕ keeps the company name (14 ms)

  expected "Northmoor GmbH", got undefined

Tests: 1 failed, 46 passed, 47 total
"""

SCENES: dict[str, dict[str, Steps]] = {
    HALF_EVEN: {
        "plan": [
            ["print_text", "Totals are rounded once, at the end. I look at who rounds before I plan."],
            ["read", "billing/totals.py"], ["read", "billing/money.py"], ["search", "round_cents"],
            ["print_text", "Plan: a `half_even` in money.py, used line by line in totals.py, and a test."],
        ],
        "develop": [
            ["edit", "billing/money.py", "from decimal import ROUND_HALF_UP, Decimal",
             "from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal"],
            ["edit", "billing/money.py", "    return amount.quantize(CENT, ROUND_HALF_UP)\n",
             "    return amount.quantize(CENT, ROUND_HALF_UP)\n\n\n"
             "def half_even(amount: Decimal) -> Decimal:\n"
             '    """To whole cents, halves to the even one: sums do not drift."""\n'
             "    return amount.quantize(CENT, ROUND_HALF_EVEN)\n"],
            ["edit", "billing/totals.py", "import round_cents", "import half_even, round_cents"],
            ["edit", "billing/totals.py",
             "    return round_cents(sum((line.net * line.vat for line in lines), Decimal()))",
             "    return sum((half_even(line.net * line.vat) for line in lines), Decimal())"],
            ["edit", "test_totals.py", "if __name__", _TESTS],
            ["run", "python3 -m unittest 2>&1"],
            ["print_text", "Each line is rounded half-even now, and the sum is a sum of whole cents."],
        ],
        "changelog": [
            ["edit", "CHANGELOG.md", "## Unreleased\n",
             "## Unreleased\n\n- Lines of invoices are rounded half-even before they are added.\n"],
        ],
    },
    ADDRESS: {
        "plan": [
            ["print_text", "The checkout has two ways to save an address. I will look at who calls them."],
            ["read", "src/checkout/address.ts"], ["read", "src/account/AddressBook.tsx"],
            ["read", "src/http.ts"], ["search", "checkout/address"],
            ["print_text", "Plan: one client function `saveAddress()`, both forms use it."],
        ],
        "develop": [
            ["create", "src/checkout/wire.ts", _WIRE],
            ["edit", "src/checkout/address.ts", 'post("/checkout/address", draft)',
             'post("/v2/addresses", toWire(draft))'],
            ["edit", "src/checkout/address.ts", "return reply.body as Address;",
             "return fromWire(reply.body as Wire);"],
            ["pretend", "npm test -- address", _FAILING, 1, 1.5],
            ["think", "The v2 endpoint calls the field organisation; carry it both ways."],
            ["edit", "src/checkout/address.ts", 'from "../http";',
             'from "../http";\nimport { fromWire, toWire, type Wire } from "./wire";'],
            ["pretend", "npm test -- address", "Tests: 47 passed, 47 total\n", 0, 1.5],
            ["denied", "git push origin main"],
            ["run", "grep -rn checkout/address --include=*.tsx ."],
            ["ask", "The address book still posts to `/checkout/address`. Which endpoint stays?",
             ["/v2/addresses", "/checkout/address", "Keep both"]],
            ["print_text", "Done so."],
        ],
    },
    UPLOAD: {
        "develop": [
            ["read", "ingest/upload.py"],
            ["edit", "ingest/upload.py", "import http.client\n", "import http.client\nimport time\n"],
            ["edit", "ingest/upload.py", "    return connection.getresponse().status\n",
             "    for attempt in range(ATTEMPTS):\n"
             "        status = connection.getresponse().status\n"
             "        if status != 503:\n            return status\n"
             "        time.sleep(2**attempt)\n    return status\n"],
            ["progress", "the retry is there, tests come next"],
            ["work", ["python3 -m compileall -q ingest", "git diff --stat", "grep -n 503 -r ingest"]],
        ],
    },
    CART: {
        "develop": [
            ["read", "src/cart/routes.ts"],
            ["run", "sed -i '/merge\\|split\\|touch/d' src/cart/routes.ts && git diff --stat"],
            ["run", "python3 -c 'import urllib.request as u; u.urlopen(\"http://fonts.example.org\")'"],
            ["work", ["git status --short", "grep -c legacy src/cart/routes.ts", "ls src/cart"]],
        ],
    },
    VAT: {
        "develop": [
            ["read", "billing/vat.py"],
            ["create", "billing/settings.py", 'VAT_FILE = "vat.json"\n'],
            ["create", "vat.json", '{"DE": "0.19", "FR": "0.20"}\n'],
            ["edit", "billing/vat.py",
             '    "DE": Decimal("0.19"),\n    "FR": Decimal("0.20"),\n    "NL": Decimal("0.21"),\n', ""],
            ["print_text", "The table lies in vat.json; the tests say whether all of it came over."],
        ],
    },
    PAGES: {
        "develop": [
            ["read", "on-call.md"],
            ["edit", "on-call.md", "Answer within 15 minutes.", "Answer within 5 minutes."],
            ["edit", "on-call.md", "Say what you see before you change anything.\n",
             "Say what you see before you change anything.\n4. Hand over in writing.\n"],
            ["create", "paging.md", "# Paging\n\nA page names one thing that a person can do now.\n"],
            ["print_text", "The pages say what the paging rules of this month say."],
        ],
    },
    FIELD: {
        "develop": [
            ["edit", "src/http.ts", "export interface Reply {\n",
             "export interface Problem {\n  field: string;\n  message: string;\n}\n\nexport interface Reply {\n"],
            ["print_text", "A reply of 422 names the field."],
        ],
    },
    FLAGS: {"develop": [["search", "feature_flag"], ["print_text", "There is none. Nothing to change."]]},
    TOKENIZER: {
        "develop": [["create", "ingest/tokens.py", "def tokens(text: str) -> list[str]:\n"
                     "    return text.lower().split()\n"], ["print_text", "It splits where words end."]],
    },
    IMAGE: {"develop": [["refused"]]},
    CHECKOUT: {
        "develop": [
            ["create", "src/words/zh.ts", 'export const errors = { postcode: "邮政编码不正确" };\n'],
            ["limit", 9_000],
        ],
    },
    CSV: {
        "develop": [
            ["edit", "ingest/csv.py", "def rows(text: str)", "def rows(text: str, width: int)"],
            ["edit", "ingest/csv.py", "        yield [cell.strip() for cell in line.split(\",\")]\n",
             "        cells = [cell.strip() for cell in line.split(\",\")]\n"
             "        if len(cells) > width:\n            raise ValueError(f\"{len(cells)} cells\")\n"
             "        yield cells\n"],
            ["print_text", "Rows that are too wide are refused, by number of cells."],
        ],
    },
    SPENT: {"develop": [["create", "src/search.ts", "export type Hit = { id: number };\n"],
                        *[["spend", 40_000, 3_000], ["wait", 0.3]] * 200]},
    RETRIES: {
        "develop": [["edit", "retries.md", "nothing else.\n",
                     "nothing else.\n\nAfter 503 we wait 1, 2 and 4 s, then a person is told.\n"],
                    ["print_text", "The policy has its times now."]],
        "again": [["edit", "retries.md", "then a person is told.",
                   "then the task fails and says so."],
                  ["create", "retries-faq.md", "# Why three times?\n\nThe fourth has never helped.\n"],
                  ["print_text", "Both are done."]],
    },
    CREDIT: {"develop": [["create", "billing/credit.py", "def number(year: int, count: int) -> str:\n"
                          '    return f"CN-{year}-{count:05}"\n'], ["print_text", "CN-2026-00001."]]},
}  # fmt: skip
