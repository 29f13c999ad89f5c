"""PostgreSQL beneath SQLAlchemy: transactions, waits, and what limits or shapes statements."""
