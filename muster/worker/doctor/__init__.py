"""`worker doctor`: check this machine, with a fix for each problem."""
