"""Cloud-OpsBench (arXiv 2603.00468): frozen incidents of two Kubernetes applications, as a reader and a scorer."""
