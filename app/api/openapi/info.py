"""The introduction of the OpenAPI document: what applies to all operations."""

SERVERS = [{"url": "/", "description": "the source of this document"}]

INFO = {
    "summary": "A self-hosted control plane for coding agents",
    "description": """\
JSON in and out, in camelCase. Timestamps are RFC 3339 in UTC with milliseconds and `Z`. IDs are
integers, except a machine's (a UUID) and a project's (its key).

**Credentials** go into `Authorization: Bearer …`. A credential in the wrong place is a 401.

**Texts** must not contain NUL or lone surrogates: a 422 in a body, a 400 in a path or query. An
unknown field is a 422 in a body and ignored in a query.

**Errors** are problem documents (RFC 9457). Switch on `code`; `detail` is for people. You get 404
for an unknown path (401 without a credential) and for what you can't see. An unsupported method is
a 405, whose `Allow` lists the supported ones.

**Lists** have one of two formats. By cursor: `?limit=&cursor=` returns `items` and `nextCursor`,
which is null on the last page. By offset: `?limit=&offset=` returns `items`, `total`, `limit` and
`offset`.

**Every response** has an `X-Request-ID`, which the logs have too. Send one to choose it.
""",
    "license": {"name": "MIT", "identifier": "MIT"},
}
