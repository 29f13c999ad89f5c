"""`muster attach`: a task's terminal in your own.

`escapes` parses the input, `reconnecting_connection` talks to the server, `tty` and
`control_sequences` handle the local terminal, and `session` is the loop that runs them.
"""
