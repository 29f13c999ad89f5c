"""Make the table of invisible characters anew, for Python and TypeScript:

    python -m tests.unicode_table [FOLDER]

FOLDER holds the Unicode Character Database, by default as Debian's `unicode-data` installs it.
What the table is for: docs/decisions/0088.
"""

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEBIAN = Path("/usr/share/unicode")
PYTHON = ROOT / "muster" / "text" / "invisible_table.py"
TYPESCRIPT = ROOT / "console" / "src" / "lib" / "format" / "unicodeTables.ts"
ABOUT = "Made by tests/unicode_table.py from Unicode {version}; change nothing by hand."
WIDTH = 96

# Scripts of India whose joiners, beside a virama, choose a letter's shape (UAX 31, rules A2 and B).
VIRAMA_SCRIPTS = (
    "Devanagari",
    "Bengali",
    "Gurmukhi",
    "Gujarati",
    "Oriya",
    "Tamil",
    "Telugu",
    "Kannada",
    "Malayalam",
    "Sinhala",
)
TONES = range(0x1F3FB, 0x1F400)
BRAILLE_BLANK = 0x2800
SHOWN_CONTROLS = {0x09, 0x0A, 0x0D}  # they are layout, and everything draws them
SHORT = {"200D": "J", "FE0F": "V"}


def lines_of(path: Path) -> Iterator[list[str]]:
    """Each line's fields, without comments."""
    for line in path.read_text().splitlines():
        if text := line.partition("#")[0].strip():
            yield [field.strip() for field in text.split(";")]


def points(field: str) -> range:
    first, _, last = field.partition("..")
    return range(int(first, 16), int(last or first, 16) + 1)


class Database:
    """The Unicode Character Database in a folder: sets of code points by property."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        found = re.search(r"-(\d+\.\d+\.\d+)\.txt", (folder / "Scripts.txt").read_text())
        assert found is not None, "Scripts.txt names no version"
        self.version = found[1]

    def having(self, file: str, *values: str) -> set[int]:
        return {
            point
            for where, value, *_ in lines_of(self._folder / file)
            if value in values
            for point in points(where)
        }

    def extensions(self, script: str) -> set[int]:
        """The code points of several scripts, of which this is one."""
        return {
            point
            for where, scripts, *_ in lines_of(self._folder / "ScriptExtensions.txt")
            if script in scripts.split()
            for point in points(where)
        }

    def scripts(self) -> dict[str, set[int]]:
        """By short name, the letters that each script is written with; of several, in each."""
        names = {
            fields[2]: fields[1]
            for fields in lines_of(self._folder / "PropertyValueAliases.txt")
            if fields[0] == "sc"
        }
        letters = self.having("DerivedCoreProperties.txt", "ID_Continue")
        scripts: dict[int, set[str]] = {}
        for where, script, *_ in lines_of(self._folder / "Scripts.txt"):
            scripts.update({point: {names[script]} for point in points(where)})
        for where, several, *_ in lines_of(self._folder / "ScriptExtensions.txt"):
            scripts.update({point: set(several.split()) for point in points(where)})
        found: dict[str, set[int]] = {}
        for letter in letters & scripts.keys():
            for script in scripts[letter] - {"Zyyy", "Zinh"}:  # any text may have these
                found.setdefault(script, set()).add(letter)
        return found

    def emoji(self) -> Iterator[tuple[int, ...]]:
        """All sequences that are listed; `component` is no emoji."""
        for where, kind, *_ in lines_of(self._folder / "emoji" / "emoji-test.txt"):
            if kind != "component":
                yield tuple(int(point, 16) for point in where.split())


# ---- the tables ----------------------------------------------------------------------------------


def hidden(data: Database) -> set[int]:
    controls = data.having("extracted/DerivedGeneralCategory.txt", "Cc") - SHOWN_CONTROLS
    return (
        data.having("DerivedCoreProperties.txt", "Default_Ignorable_Code_Point")
        | data.having("extracted/DerivedGeneralCategory.txt", "Cf", "Zl", "Zp")
        | data.having("PropList.txt", "Bidi_Control")
        | controls
        | {BRAILLE_BLANK}
    )


def emoji(data: Database, unseen: set[int]) -> list[str]:
    """The sequences with a hidden character, in which T is a skin tone, and U a second one.

    Written with one tone twice, a sequence has `T T`; with two of them, `T U`. The table has one of
    these only where Unicode lists all its members. `J` is U+200D, `V` U+FE0F.
    """
    found: dict[str, set[tuple[int, ...]]] = {}
    for sequence in data.emoji():
        if unseen.isdisjoint(sequence):
            continue
        tones = tuple(point for point in sequence if point in TONES)
        found.setdefault(written(sequence, tones), set()).add(tones)
    for pattern, tones_of in found.items():
        signs = [sign for sign in pattern.split() if sign in "TU"]
        whole = {(): 1, ("T",): 5, ("T", "T"): 5, ("T", "U"): 20}[tuple(signs)]
        assert len(tones_of) == whole, pattern
    return sorted(found)


def written(sequence: tuple[int, ...], tones: tuple[int, ...]) -> str:
    signs = []
    for point in sequence:
        text = f"{point:X}"
        if point in TONES:
            signs.append("T" if point == tones[0] else "U")
        else:
            signs.append(SHORT.get(text, text))
    return " ".join(signs)


def arabic(data: Database, unseen: set[int]) -> tuple[set[int], set[int], set[int]]:
    """Letters that join to the next one, letters that join to the one before, marks upon them."""
    file = "extracted/DerivedJoiningType.txt"
    script = data.having("Scripts.txt", "Arabic")
    marks = data.having(file, "T") & data.having("extracted/DerivedGeneralCategory.txt", "Mn")
    return (
        data.having(file, "D", "L") & script,
        data.having(file, "D", "R") & script,
        (marks & (script | data.extensions("Arab"))) - unseen,
    )


def viramas(data: Database) -> Iterator[tuple[str, set[int], set[int], set[int]]]:
    """Of each such script its letters, its marks, and its viramas, which are marks too."""
    category = "extracted/DerivedGeneralCategory.txt"
    letters, marks = data.having(category, "Lo", "Lm"), data.having(category, "Mn", "Mc")
    virama = data.having("extracted/DerivedCombiningClass.txt", "9")
    for name in VIRAMA_SCRIPTS:
        script = data.having("Scripts.txt", name)
        yield name, letters & script, marks & script, virama & script


# ---- written -------------------------------------------------------------------------------------


def ranges(found: Iterable[int]) -> str:
    spans: list[list[int]] = []
    for point in sorted(found):
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return " ".join(f"{a:X}" if a == b else f"{a:X}-{b:X}" for a, b in spans)


def tables(data: Database) -> dict[str, str]:
    unseen = hidden(data)
    before, after, marks = arabic(data, unseen)
    scripts = "; ".join(", ".join([name, *map(ranges, sets)]) for name, *sets in viramas(data))
    return {
        "HIDDEN": ranges(unseen),
        "EMOJI": ", ".join(emoji(data, unseen)),
        "ARABIC": ", ".join(map(ranges, (before, after, marks))),
        "VIRAMAS": scripts,
        "SCRIPTS": ", ".join(f"{name} {ranges(of)}" for name, of in sorted(data.scripts().items())),
    }


def folded(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False))


def as_python(data: Database) -> str:
    parts = [f'"""{ABOUT.format(version=data.version)}"""\n\nVERSION = "{data.version}"\n']
    parts += [f'{name} = """\n{folded(text)}\n"""\n' for name, text in tables(data).items()]
    return "".join(parts)


def as_typescript(data: Database) -> str:
    parts = [f"/** {ABOUT.format(version=data.version)} */\n\n"]
    parts += [
        f"export const {name} = `\n{folded(text)}\n`\n" for name, text in tables(data).items()
    ]
    return "".join(parts)


if __name__ == "__main__":
    source = Database(Path(sys.argv[1]) if len(sys.argv) > 1 else DEBIAN)
    PYTHON.write_text(as_python(source))
    TYPESCRIPT.write_text(as_typescript(source))
