"""The table of invisible characters is what its script makes of Debian's `unicode-data`."""

from pathlib import Path

import pytest

from muster.text.invisible_table import VERSION
from tests import programs, unicode_table


@pytest.mark.needs("unicode-data")
def test_both_tables_are_as_they_are_made() -> None:
    data = unicode_table.Database(Path(programs.find("unicode-data")).parent)
    if data.version != VERSION:
        pytest.skip(f"the table is of Unicode {VERSION}, this machine's data of {data.version}")
    assert unicode_table.PYTHON.read_text() == unicode_table.as_python(data)
    assert unicode_table.TYPESCRIPT.read_text() == unicode_table.as_typescript(data)
