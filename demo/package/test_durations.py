import unittest

from durations import parse, spell


class Parsing(unittest.TestCase):
    def test_one_unit(self) -> None:
        self.assertEqual(parse("90s"), 90)
        self.assertEqual(parse("2d"), 172_800)

    def test_units_add_up(self) -> None:
        self.assertEqual(parse("1h 30m"), 5_400)
        self.assertEqual(parse("1d2h3m4s"), 93_784)

    def test_anything_else_is_refused(self) -> None:
        for text in ("", "soon", "12", "5 m soon"):
            with self.subTest(text=text), self.assertRaises(ValueError):
                parse(text)


class Spelling(unittest.TestCase):
    def test_the_shortest_way(self) -> None:
        self.assertEqual(spell(5_400), "1h 30m")
        self.assertEqual(spell(0), "0s")

    def test_what_was_spelled_reads_the_same(self) -> None:
        for seconds in (1, 59, 61, 3_600, 93_784):
            self.assertEqual(parse(spell(seconds)), seconds)


if __name__ == "__main__":
    unittest.main()
