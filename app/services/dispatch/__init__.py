"""Which machine takes which task, and why a task waits."""
