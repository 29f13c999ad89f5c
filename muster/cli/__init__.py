"""`muster`, the developers' command line. It speaks the server's public API, and nothing else.

A noun is a file or a folder here, and is imported when it is called: `muster --help` loads none.
"""
