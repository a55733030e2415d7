"""All playbooks. A fault family's remedies are one module, imported here."""

from . import (
    admission,
    config,
    controllers,
    gpu,
    nodes,
    probes,
    quantum,
    resources,
    routing,
    scaling,
    scheduling,
    startup,
    storage,
)

__all__ = [
    "admission", "config", "controllers", "gpu", "nodes", "probes", "quantum", "resources", "routing", "scaling", "scheduling",
    "startup", "storage",
]  # fmt: skip
