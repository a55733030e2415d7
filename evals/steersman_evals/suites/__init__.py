"""One module a suite. Each offers `run(data, output, jobs, seed)`, which prints a table for people and writes what scripts read."""
