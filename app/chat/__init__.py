"""What chat platforms say and are told: wire formats only. No rows, no rights, no Flask."""
