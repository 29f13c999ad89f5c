"""What may be wrong with a backup, or with where it is to go."""


class BackupError(Exception):
    """Nothing was backed up or restored; the message says why, and what to do."""


class InvalidBackup(BackupError):
    """The file is not a whole backup of ours, or the passphrase is another."""
