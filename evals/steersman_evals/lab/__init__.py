"""The lab as a test bench: faults injected live into a real control plane, with their truth."""
