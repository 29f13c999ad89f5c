"""The cost of reading a diff: compared with its bare rows, and among many tasks with diffs."""

import os
import statistics
import sys
import time
import zlib
from collections.abc import Callable

import sqlalchemy as sa

from app.services.changes import patch_sections
from bench import command
from bench.command import Print
from bench.figures import Blocks, Figure, Ratio, Report, flat
from bench.rig import TASKS, Rig, running_rig

FILES = 1_000
ROUNDS, READS = 7, 5
FEW = 10_000
MANY = int(os.environ.get("BENCH_TASKS", "1000000"))
AT_MOST, AT_MOST_AMONG_MANY = 3.0, 1.3
_CONTEXT = 10  # context lines of a file's one hunk

_PLAIN = {"key": "DIFFS", "agent": "claude", "command": "true"}
_BARE = sa.text("""
    SELECT f.*, c.hunks FROM changed_files AS f
    LEFT JOIN contents AS c ON c.task_id = :task AND c.id = f.patch
    WHERE f.change_id = (SELECT id FROM changes WHERE task_id = :task) ORDER BY f.position
""")
# Copies of one task, each with a change of that many files.
_MORE = (
    """
    INSERT INTO tasks (project_id, description, status, created_by, agent_type, pipeline,
                       stage_index, round, attempt, priority, checkpoints, events, branch_name,
                       created_at, updated_at, finished_at, has_contents)
    SELECT project_id, description, 'completed', created_by, agent_type, pipeline, 0, 1, 1, 0, '{}',
           0, branch_name, created_at, updated_at, now(), true
    FROM tasks, generate_series(1, :count) WHERE tasks.id = :like
    """,
    """
    INSERT INTO attempts (task_id, number, round, machine_id, phase, stage_index, has_slot,
                          uncounted, outcome, assigned_at, ended_at, forgotten_at, log_bytes,
                          log_lines, log_gaps)
    SELECT id, 1, 1, (SELECT id FROM machines LIMIT 1), 'publish', 0, false, false, 'published',
           now(), now(), now(), 0, 0, '[]'
    FROM tasks WHERE id > :above
    """,
    """
    INSERT INTO changes (task_id, attempt, round, stage_index, partial, since, base, "commit",
                         is_complete, total, files_changed, insertions, deletions, patch_bytes,
                         left_out, created_at)
    SELECT id, 1, 1, 0, false, 'base', repeat('a', 40), repeat('b', 40), true, :files, :files, 2, 2,
           900, '', now()
    FROM tasks WHERE id > :above
    """,
    """
    INSERT INTO changed_files (change_id, position, path, old_path, status, mode, old_mode, blob,
                               old_blob, insertions, deletions, "binary", generated, patch)
    SELECT c.id, n, 'src/shop/module_' || n || '.py', '', 'modified', '100644', '100644',
           repeat('c', 40), repeat('d', 40), 2, 2, false, false, lpad(to_hex(n), 40, '0')
    FROM changes AS c, generate_series(0, :files - 1) AS n WHERE c.task_id > :above
    """,
    """
    INSERT INTO contents (task_id, id, size, packed, is_complete, data, hunks)
    SELECT t.id, lpad(to_hex(n), 40, '0'), 900, 300, true, :data, :hunks
    FROM tasks AS t, generate_series(0, :files - 1) AS n WHERE t.id > :above
    """,
)


def measure(say: Print) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report(f"A diff of {FILES:,} files, {len(_section()):,} bytes each")
    with running_rig(say) as rig:
        engine = sa.create_engine(rig.stack.env["DATABASE_URL"])
        like = _first_task(rig)
        large = _add(engine, like, 1, FILES)
        path = f"{TASKS}/{large}/diff"
        ours, bare = _alternate(
            lambda: rig.session.read(path), lambda: _rows(engine, large), say, "the whole"
        )
        report.figures.append(_figure("a diff, over HTTP", ours, bare, "its rows, bare", AT_MOST))
        _add(engine, like, FEW, 1)
        few = _page(rig, large, say, FEW)
        say(f"adding tasks, up to {MANY:,}")
        _add(engine, like, MANY - FEW, 1)
        many = _page(rig, large, say, MANY)
        report.figures.append(_growth(few, many))
        engine.dispose()
    return report


def _first_task(rig: Rig) -> int:
    rig.add_project(**_PLAIN)
    rig.simulated_machine().disconnect()
    return int(rig.session.post(TASKS, {"projectKey": "DIFFS", "description": "x"})["id"])


def _section() -> bytes:
    kept = "".join(f"     total = total + prices[{line}]\n" for line in range(_CONTEXT))
    lines = f"-    return round(total)\n-    # twice\n+    return total\n+    # once\n{kept}"
    head = "diff --git a/f.py b/f.py\nindex 1..2 100644\n--- a/f.py\n+++ b/f.py\n"
    size = _CONTEXT + 2
    return f"{head}@@ -10,{size} +10,{size} @@ def total(prices):\n{lines}".encode()


def _add(engine: sa.Engine, like: int, count: int, files: int) -> int:
    """Insert that many tasks, each with a change of that many files. Return the last one's ID."""
    section = _section()
    with engine.begin() as connection:
        above = connection.scalar(sa.text("SELECT max(id) FROM tasks"))
        given = {"like": like, "count": count, "files": files, "above": above}
        given |= {"data": zlib.compress(section), "hunks": patch_sections.encode_section(section)}
        connection.execute(sa.text("ALTER TABLE tasks DISABLE TRIGGER USER"))
        for statement in _MORE:
            connection.execute(sa.text(statement), given)
        connection.execute(sa.text("ALTER TABLE tasks ENABLE TRIGGER USER"))
        last = connection.scalar(sa.text("SELECT max(id) FROM tasks"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
    return int(last or 0)


def _rows(engine: sa.Engine, task: int) -> None:
    with engine.connect() as connection:
        connection.execute(_BARE, {"task": task}).all()


def _page(rig: Rig, task: int, say: Print, among: int) -> Blocks:
    """Return the time for a page of fifty files of the large diff, relative to the task's own read
    at that time, because the host's load varies.
    """
    page, itself = (f"{TASKS}/{task}{more}" for more in (f"/diff?offset={FILES - 50}", ""))
    read = rig.session.read
    found, beside = _alternate(lambda: read(page), lambda: read(itself), say, f"among {among:,}")
    pairs = zip(found, beside, strict=True)
    return [[statistics.median(mine) / statistics.median(its)] for mine, its in pairs]


def _alternate(
    one: Callable[[], object], other: Callable[[], object], say: Print, name: str
) -> tuple[list[list[float]], list[list[float]]]:
    """Return the seconds of each read, by round."""
    found: tuple[list[list[float]], list[list[float]]] = ([], [])
    one(), other()  # the first read costs more
    for _ in range(ROUNDS):
        for blocks, act in zip(found, (one, other), strict=True):
            blocks.append([_seconds(act) for _ in range(READS)])
    say(f"{name}: {statistics.median(flat(found[0])) * 1000:.1f} ms")
    return found


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _figure(name: str, ours: Blocks, its: Blocks, beside: str, at_most: float) -> Figure:
    value, beside_value = (statistics.median(flat(blocks)) * 1000 for blocks in (ours, its))
    ratio = Ratio.from_blocks(ours, its)
    return Figure(name, value, "ms", None, beside, beside_value, ratio, at_most)


def _growth(few: Blocks, many: Blocks) -> Figure:
    value, beside_value = (statistics.median(flat(blocks)) for blocks in (many, few))
    return Figure(
        f"a page among {MANY:,} tasks",
        value,
        "times the task",
        beside=f"among {FEW:,}",
        beside_value=beside_value,
        ratio=Ratio.from_blocks(many, few),
        max_ratio=AT_MOST_AMONG_MANY,
    )


if __name__ == "__main__":
    sys.exit(command.run("Measure the cost of reading a diff.", measure))
