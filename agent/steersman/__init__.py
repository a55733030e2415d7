"""steersman: finds the root cause of an incident with evidence, plans, passes policy, acts with undo, verifies."""
