"""The agents that there are."""

from muster.cli import fields
from muster.cli.output import Printed, column
from muster.cli.request_commands import act

AGENTS = Printed(
    fields.AGENT,
    (
        column("TYPE"),
        column("MACHINES", "machineCount", is_number=True),
        column("HEALTHY", "healthyCount", is_number=True),
        column("VERSIONS", stretches=True),
    ),
    id="type",
)
agents = act(
    "agents",
    "GET /api/web/agents",
    "The agents that tasks may ask for, and who has them.",
    AGENTS,
    limit=200,
)
