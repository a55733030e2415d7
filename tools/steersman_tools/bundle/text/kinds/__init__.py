"""One converter for each kind: from the sections of a description to the object that the API would give."""
