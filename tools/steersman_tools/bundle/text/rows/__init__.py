"""One converter for each kind: from a line of `kubectl get` to what it tells of the object."""
