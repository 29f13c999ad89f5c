"""One file with all that a server knows, under a passphrase; and a server made of it again.

`sealed` and `records` are the file's form, `dump` and `load` go between it and a database, `waking`
says what of the rows is not so any more when a restored server begins.
"""
