"""PostgreSQL beneath SQLAlchemy: how transactions begin, what waits, what bounds a statement."""
