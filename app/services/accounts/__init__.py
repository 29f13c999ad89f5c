"""Developers: accounts, logins, tokens, and preferences."""
