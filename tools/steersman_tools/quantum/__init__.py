"""Quantum queues: backends, jobs, sessions and budgets of several providers behind one protocol."""
