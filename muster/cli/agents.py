"""`muster agents`: available agents."""

from muster.cli import fields
from muster.cli.output import OutputSpec, column
from muster.cli.request_commands import action_command

AGENTS = OutputSpec(
    fields.AGENT,
    (
        column("TYPE"),
        column("MACHINES", "machineCount", is_number=True),
        column("HEALTHY", "healthyCount", is_number=True),
        column("VERSIONS", stretches=True),
    ),
    id_field="type",
)
agents = action_command(
    "agents",
    "GET /api/web/agents",
    "List available agents and how many machines have them.",
    AGENTS,
    limit=200,
)
