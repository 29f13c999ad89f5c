"""The wire formats of chat platforms, in and out. Independent of rows, rights and Flask."""
