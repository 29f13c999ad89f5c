"""How much of its machine one attempt may use, and what becomes of it when it wants more."""
