"""What a stack's processes don't get."""

from pathlib import Path

from app.embedded import ports
from app.embedded.stack import Stack
from tests.app.embedded.stack_stand_ins import table

ELSEWHERE = {"DATABASE_URL": "postgresql://elsewhere/x", "REDIS_URL": "redis://elsewhere/0"}


def test_the_admins_password_is_for_no_process_that_stays(new_home: Path) -> None:
    password = {"MUSTER_ADMIN_PASSWORD": "a secret"}
    with Stack(
        new_home, ports.find_free_port(), {**ELSEWHERE, **password}, table=table()
    ) as running:
        for child in running.processes.values():
            assert b"a secret" not in Path(f"/proc/{child.pid}/environ").read_bytes()
        assert "a secret" in running.run("told", ["env"], X=running.admin_password)
