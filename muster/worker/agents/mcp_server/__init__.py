"""An MCP server with which an agent asks people questions and reports progress.

The agent starts it in its sandbox, with its rights, and communicates over standard input and
output. Standard library only.
"""
