"""Adapters to the world: what is read from it and, in one place, how it is changed."""
