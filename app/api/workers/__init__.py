"""/api/workers: enrollment and credentials of machines."""
