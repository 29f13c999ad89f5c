"""Building the console: Node and packages are brought where they are missing, nothing twice.

`python -m demo.console` says what it can do; `make up` builds before it starts.
"""
