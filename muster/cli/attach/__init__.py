"""`muster attach`: a task's terminal in one's own.

`escapes` reads what is typed, `line` speaks with the server, `tty` and `drawing` have the local
terminal, and `session` is the loop that lets them have their turns.
"""
