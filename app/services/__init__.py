"""Use cases: one noun per file, with verbs inside. They check rights, lock rows and commit."""
