"""The faces: each renders the entries of a session and calls its verbs. None knows a phase of the engine."""
