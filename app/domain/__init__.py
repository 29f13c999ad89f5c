"""The rules: standard library only, no clock, no id and no I/O made inside."""
