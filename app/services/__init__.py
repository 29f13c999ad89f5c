"""Use cases: one noun a file, verbs inside. Rights are checked, rows locked and committed here."""
