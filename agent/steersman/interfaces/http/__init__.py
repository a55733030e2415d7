"""The HTTP API (docs/api.md): reads the record, and passes people's words on to the engine."""
