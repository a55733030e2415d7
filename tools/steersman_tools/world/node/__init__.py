"""Machines and what runs on them: kubelets, containers and the applications in them, as a world file describes them."""
