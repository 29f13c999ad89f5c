"""What lies in the team's repositories: small, but to be read."""

BILLING = {
    "README.md": """\
# billing

Invoices, their totals and their taxes. `python3 -m unittest` runs the tests.
""",
    "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n## 4.1.0\n\n- Credit notes have numbers of their own.\n",
    "billing/__init__.py": '"""Invoices and what they add up to."""\n',
    "billing/money.py": '''\
"""Money is whole cents, and rounding is said aloud."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def round_cents(amount: Decimal) -> Decimal:
    """To whole cents, halves up."""
    return amount.quantize(CENT, ROUND_HALF_UP)
''',
    "billing/totals.py": '''\
"""What an invoice comes to."""

from dataclasses import dataclass
from decimal import Decimal

from billing.money import round_cents


@dataclass(frozen=True)
class Line:
    """A line of an invoice: its net price, and the rate of its tax."""

    text: str
    net: Decimal
    vat: Decimal


def net(lines: list[Line]) -> Decimal:
    return round_cents(sum((line.net for line in lines), Decimal()))


def tax(lines: list[Line]) -> Decimal:
    return round_cents(sum((line.net * line.vat for line in lines), Decimal()))


def total(lines: list[Line]) -> Decimal:
    """Net and tax together, as it stands on the invoice."""
    return net(lines) + tax(lines)
''',
    "billing/vat.py": '''\
"""Rates of value added tax by country."""

from decimal import Decimal

RATES = {
    "DE": Decimal("0.19"),
    "FR": Decimal("0.20"),
    "NL": Decimal("0.21"),
}
REDUCED = {
    "DE": Decimal("0.07"),
    "FR": Decimal("0.055"),
}


def rate(country: str, *, reduced: bool = False) -> Decimal:
    return (REDUCED if reduced else RATES)[country]
''',
    "test_totals.py": """\
import unittest
from decimal import Decimal

from billing.totals import Line, total


class TestTotals(unittest.TestCase):
    def test_a_line_has_its_tax_added(self) -> None:
        self.assertEqual(total([Line("paper", Decimal("10.00"), Decimal("0.19"))]), Decimal("11.90"))

    def test_no_lines_come_to_nothing(self) -> None:
        self.assertEqual(total([]), Decimal("0.00"))


if __name__ == "__main__":
    unittest.main()
""",
}

STOREFRONT = {
    "README.md": "# storefront\n\nThe shop as people see it. `npm test` runs the tests.\n",
    "package.json": '{\n  "name": "storefront",\n  "version": "2.14.0",\n  "private": true\n}\n',
    "src/checkout/address.ts": """\
import { post } from "../http";

export interface Draft {
  name: string;
  company?: string;
  street: string;
  postcode: string;
  city: string;
}

export interface Address extends Draft {
  id: number;
}

export async function saveAddress(draft: Draft): Promise<Address> {
  const reply = await post("/checkout/address", draft);
  return reply.body as Address;
}
""",
    "src/account/AddressBook.tsx": """\
import { useState } from "react";
import { post } from "../http";
import type { Draft } from "../checkout/address";

export function AddressBook({ drafts }: { drafts: Draft[] }) {
  const [saved, setSaved] = useState(0);

  async function save(form: Draft) {
    await post("/checkout/address", form);
    setSaved(saved + 1);
  }

  return (
    <ul aria-label="Addresses">
      {drafts.map((draft) => (
        <li key={draft.street}>
          {draft.name}, {draft.city}
          <button type="button" onClick={() => save(draft)}>
            Save
          </button>
        </li>
      ))}
    </ul>
  );
}
""",
    "src/http.ts": """\
export interface Reply {
  status: number;
  body: unknown;
}

export async function post(path: string, body: unknown): Promise<Reply> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}
""",
    "src/cart/routes.ts": "".join(
        f'router.post("/v1/cart/{word}", legacy(cart.{word}));\n'
        for word in ("add", "drop", "empty", "merge", "price", "ship", "split", "touch")
    ),
}

INGEST = {
    "README.md": "# ingest\n\nTakes files in, checks them, and hands them on.\n",
    "ingest/__init__.py": "",
    "ingest/upload.py": '''\
"""Uploads of finished files."""

import http.client

ATTEMPTS = 3


def upload(host: str, path: str, body: bytes) -> int:
    """The status of the answer. Raises OSError where there is none."""
    connection = http.client.HTTPSConnection(host, timeout=30)
    connection.request("PUT", path, body)
    return connection.getresponse().status
''',
    "ingest/csv.py": '''\
"""Rows of comma-separated values, checked one by one."""

from collections.abc import Iterator


def rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        yield [cell.strip() for cell in line.split(",")]
''',
}

HANDBOOK = {
    "README.md": "# handbook\n\nHow we work. Plain words, short pages.\n",
    "on-call.md": """\
# On call

Who is on call carries the phone from Monday 9:00 to Monday 9:00.

## When it rings

1. Answer within 15 minutes.
2. Open the incident room.
3. Say what you see before you change anything.
""",
    "retries.md": "# Retries\n\nWe retry what is safe to do twice, and nothing else.\n",
    "glossary.md": "".join(
        f"- **{word}**: what we mean by {word.lower()}.\n"
        for word in ("Account", "Batch", "Cursor", "Drain", "Export", "Fence", "Gate", "Hook")
    ),
}

for files in (BILLING, INGEST):
    files[".gitignore"] = "__pycache__/\n"

ALL = {"billing": BILLING, "storefront": STOREFRONT, "ingest": INGEST, "handbook": HANDBOOK}
"""By repository: the files by their paths."""
