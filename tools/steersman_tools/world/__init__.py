"""The embedded world: a small live Kubernetes cloud in one process, for demos, quick tests and the rehearsal of plans."""
