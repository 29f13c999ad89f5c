"""Build the console, installing Node and packages if they're missing.

`python -m demo.console` lists the verbs; `make up` builds before it starts.
"""
