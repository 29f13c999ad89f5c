"""What speaks to chat platforms and other addresses. It knows no rows and no Flask."""
