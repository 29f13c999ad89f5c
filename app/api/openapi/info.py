"""The introduction of the OpenAPI document: what holds for all operations."""

SERVERS = [{"url": "/", "description": "where this document comes from"}]

INFO = {
    "summary": "A self-hosted control plane for coding agents",
    "description": """\
JSON in and out, in camelCase. Moments are RFC 3339 in UTC with milliseconds and `Z`. Ids are
integers, but a machine's is a UUID, and a project goes by its key.

**Credentials** come as `Authorization: Bearer …`. One that does not belong somewhere is a 401.

**Texts** hold no NUL and no half of a surrogate pair; elsewhere they are a 422, in a path or a
query a 400. A field that an operation does not know is a 422 in a body and ignored in a query.

**Errors** are problem documents (RFC 9457). Switch on `code`; `detail` is for people. A path that
leads nowhere is a 404 (to a stranger a 401), and so is what you may not see; a method that a path
does not have is a 405, whose `Allow` says which it has.

**Lists** have one of two shapes. By cursor: `?limit=&cursor=` answers `items` and `nextCursor`,
which is null on the last page. By offset: `?limit=&offset=` answers `items`, `total`, `limit` and
`offset`.

**Every answer** carries `X-Request-ID`, which the logs carry too. Send one to choose it.
""",
    "license": {"name": "MIT", "identifier": "MIT"},
}
