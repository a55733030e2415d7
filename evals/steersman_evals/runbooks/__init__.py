"""The retrieval set and how it is read."""
