"""One file with all that a server knows, under a passphrase; and a server made of it again.

`encryption` and `records` are the file's form, `dump` and `load` go between it and a database,
`after_restore` says what of the rows is not so any more when a restored server begins.
"""
