"""The command lines of known agents: one file each, data only."""
