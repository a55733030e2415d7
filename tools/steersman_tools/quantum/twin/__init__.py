"""A server that speaks IBM Quantum's REST API, for tests, demonstrations and evaluations: the real clients take it for IBM's."""
