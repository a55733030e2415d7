"""Knowledge that people wrote down: runbooks found, split, indexed and retrieved, with the file and heading of every sentence."""
