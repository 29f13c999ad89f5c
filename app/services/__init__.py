"""Use cases: one noun a file, verbs inside. Rights are asked, rows locked and committed here."""
