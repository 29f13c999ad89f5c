"""The packages that `make dist` builds. Decision 67 lists their contents."""
