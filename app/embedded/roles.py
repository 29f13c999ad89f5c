"""The roles of the embedded database, and who can log in as which.

The app's role owns the app's database and has no other rights. The superuser, created by initdb, is
another role: only the account that runs the engine can log in as it. Earlier releases had one role
for both; `migration_statement` changes their clusters.
"""

from collections.abc import Sequence

APP = "muster"  # also the name of the database
SUPERUSER = "postgres"
VERSION_FILE = "muster_roles"
"""The file in the data directory that marks a cluster with these roles."""

ROLE_ATTRIBUTES = "LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS"
CREATE_ROLE = f"CREATE ROLE {APP} {ROLE_ATTRIBUTES}"
# The kernel identifies the account at the other end of the socket; the map assigns its role.
HBA_RULES = f"local all {SUPERUSER} peer map=superuser\nlocal all {APP} peer map=app\n"

# Objects in the app's database that neither initdb nor extensions created; their owner changes. A
# column's sequence follows its table; array and row types follow theirs.
_OBJECTS = """
SELECT 'pg_namespace'::regclass AS class, oid FROM pg_namespace WHERE nspowner = 10
UNION ALL SELECT 'pg_class'::regclass, c.oid FROM pg_class c
WHERE relowner = 10 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
AND NOT (relkind = 'S' AND EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass
AND objid = c.oid AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')))
UNION ALL SELECT 'pg_type'::regclass, t.oid FROM pg_type t LEFT JOIN pg_class r ON r.oid = typrelid
WHERE typowner = 10 AND (typtype IN ('e', 'd', 'r') OR relkind = 'c')
UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE proowner = 10
UNION ALL SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext WHERE stxowner = 10
"""
_OWNED_OBJECTS = f"""
SELECT replace(identity.type, 'statistics object', 'statistics') AS kind, identity.identity
FROM ({_OBJECTS}) AS object
CROSS JOIN LATERAL pg_identify_object(class, oid, 0) AS identity
WHERE coalesce(identity.schema, identity.name) !~ '^(pg_|information_schema$)'
AND NOT EXISTS (SELECT FROM pg_depend
WHERE classid = class AND objid = object.oid AND deptype = 'e')
"""
# One transaction: everything or nothing. A superuser's session can't rename that superuser, so
# there is a second one; and REASSIGN OWNED refuses the role that initdb created.
MIGRATION_STEPS = (
    "SET LOCAL search_path = pg_catalog;",
    f"IF (SELECT rolname FROM pg_authid WHERE oid = 10) = '{APP}' THEN",
    f"IF EXISTS (SELECT FROM pg_authid WHERE rolname = '{SUPERUSER}') THEN",
    f"ALTER ROLE {SUPERUSER} RENAME TO {SUPERUSER}_before;",
    "END IF;",
    f"CREATE ROLE {APP}_renaming SUPERUSER;",
    f"SET LOCAL SESSION AUTHORIZATION {APP}_renaming;",
    f"ALTER ROLE {APP} RENAME TO {SUPERUSER};",
    f"SET LOCAL SESSION AUTHORIZATION {SUPERUSER};",
    f"DROP ROLE {APP}_renaming;",
    f"{CREATE_ROLE};",
    "END IF;",
    f"ALTER DATABASE {APP} OWNER TO {APP};",
    f"FOR found IN {_OWNED_OBJECTS} LOOP",
    f"EXECUTE format('ALTER %s %s OWNER TO {APP}', found.kind, found.identity);",
    "END LOOP;",
)


def migration_statement(steps: Sequence[str] = MIGRATION_STEPS) -> str:
    """Return the statement that gives a cluster of an earlier release these roles, on one line as
    the single-user mode requires. It changes nothing if they exist.
    """
    lines = ("DO $move$ DECLARE found record; BEGIN", *steps, "END $move$")
    return " ".join(" ".join(lines).split())


def render_ident_map(engine: str, clients: Sequence[str]) -> str:
    """Return the lines of pg_ident.conf: the engine's account, and the users of the app's role."""
    lines = [("superuser", engine, SUPERUSER), *(("app", client, APP) for client in clients)]
    return "".join(f"{name} {_quote(user)} {role}\n" for name, user, role in lines)


def _quote(user: str) -> str:
    return '"{}"'.format(user.replace('"', '""'))
