"""What more than one room does with Redis: counting who is present, and listening."""
