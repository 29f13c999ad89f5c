"""The errors of backups and restores."""


class BackupError(Exception):
    """Nothing was backed up or restored. The message gives the reason and the next step."""


class InvalidBackup(BackupError):
    """The file isn't a complete Muster backup, or the passphrase is wrong."""
