"""PostgreSQL under SQLAlchemy: transactions, waits, and statement limits and forms."""
