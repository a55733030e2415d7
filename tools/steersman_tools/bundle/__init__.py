"""A cluster from a folder: what people send instead of a kubeconfig."""

from __future__ import annotations

from .reader import BundleReader

__all__ = ["BundleReader"]
