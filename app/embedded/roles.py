"""The roles of the embedded database, and who may log in as which.

The app's role owns the app's database, and has no right beyond it. The superuser, which initdb
makes, is another role: only the account that the engine runs as may log in as it. Earlier releases
had one role for both; `move` changes their clusters.
"""

from collections.abc import Sequence

APP = "muster"  # the name of the database, too
SUPERUSER = "postgres"
VERSION_FILE = "muster_roles"
"""The file in the data directory that says that the cluster has these roles."""

ROLE_ATTRIBUTES = "LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS"
CREATE_ROLE = f"CREATE ROLE {APP} {ROLE_ATTRIBUTES}"
# The kernel says who is at the other end of the socket; the map says as whom that one is let in.
HBA_RULES = f"local all {SUPERUSER} peer map=superuser\nlocal all {APP} peer map=app\n"

# What the app's database has beside what initdb and extensions make, with its owner's right to it.
# A sequence of a column follows its table; arrays and row types follow theirs.
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
# One transaction: it is done, or it is not. What began as a superuser's session cannot rename that
# superuser, hence the second one; and REASSIGN OWNED refuses the role that initdb has made.
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
    """The statement that gives a cluster of an earlier release these roles; on one line, as the
    single-user mode has statements. It changes nothing where they are there.
    """
    lines = ("DO $move$ DECLARE found record; BEGIN", *steps, "END $move$")
    return " ".join(" ".join(lines).split())


def render_ident_map(engine: str, clients: Sequence[str]) -> str:
    """The lines of pg_ident.conf: the engine's account, and those whom the app's role is for."""
    lines = [("superuser", engine, SUPERUSER), *(("app", client, APP) for client in clients)]
    return "".join(f"{name} {_quote(user)} {role}\n" for name, user, role in lines)


def _quote(user: str) -> str:
    return '"{}"'.format(user.replace('"', '""'))
