"""Numbers that are kept and never counted: sums of the moves that triggers write."""
