"""The read side of a live cluster. The official client brings kubeconfig, proxies and credentials; the rest is raw JSON."""
