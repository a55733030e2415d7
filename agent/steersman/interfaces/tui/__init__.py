"""The terminal UI: `steersman chat`. Textual is imported below this package only."""
