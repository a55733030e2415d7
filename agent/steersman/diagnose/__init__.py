"""From a snapshot to its root causes: pure functions of values, no I/O."""
