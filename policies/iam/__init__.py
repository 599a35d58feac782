"""IAM documents: their statements, ARNs, conditions, and what AWS says of each action."""
