"""What is asked of Redis in the same way by more than one room."""
