"""The scheduler: which node a pod goes to, and in kube-scheduler's words why it goes to none."""
