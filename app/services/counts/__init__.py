"""Numbers that are kept, never counted: added up from what triggers note."""
