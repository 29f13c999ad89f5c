"""Back up a server to one encrypted file, and restore a server from it.

`encryption` and `records` define the file format. `dump` and `load` copy between it and a database.
`after_restore` corrects the rows that are no longer true after a restore.
"""
