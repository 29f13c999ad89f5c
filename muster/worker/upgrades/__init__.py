"""How a machine takes its server's release: it is made beside, tried, and kept or given back."""
