"""Accelerators: one read model over node labels, resources, DRA, exporter series and NVML, and what is known of their errors."""
