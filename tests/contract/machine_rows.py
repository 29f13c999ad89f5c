"""What fills the lists of machines, for the counts of queries."""

from app.models import Developer
from tests.factories import make_developer, make_machine, make_minute, make_task
from tests.factories.rows import now


def fill_agents(admin: Developer, rows: int) -> str:
    """Each of a machine of its own, none of the contract's."""
    for number in range(rows):
        make_machine(capabilities=[{"agentType": f"agent-{number}"}])
    return "/api/web/agents"


def fill_machines(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_machine(drain_started_at=now(), drain_by=make_developer().id)
    return "/api/web/machines"


def fill_machine_days(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_minute(make_machine())
    return "/api/web/machines/-/samples"


def fill_tasks_of_machine(admin: Developer, rows: int) -> str:
    machine = make_machine()
    for _ in range(rows):
        make_task(machine_id=machine.id)
    return f"/api/web/machines/{machine.id}/tasks"
