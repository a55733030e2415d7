"""The control plane's loops, each in a file of its own. Source of all behaviour: k8s.io/kubernetes pkg/controller."""
