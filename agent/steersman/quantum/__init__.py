"""What people ask about quantum queues beyond a diagnosis: where a circuit should go, and what a named job waits for."""
