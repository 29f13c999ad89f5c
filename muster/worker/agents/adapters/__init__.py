"""What is known of each agent's command line: a file each, all of it data."""
