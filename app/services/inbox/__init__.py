"""A developer's inbox: questions, results to review, unhealthy machines."""
