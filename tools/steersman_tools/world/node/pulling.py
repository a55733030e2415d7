"""Image pulls, with a kubelet's events and back-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .container import Container


def pull(container: Container, now: float) -> float | None:
    """Pulls the image; returns when to look again, or None once it is there."""
    pod, image = container.pod, str(container.spec.get("image", ""))
    policy = container.spec.get("imagePullPolicy", "IfNotPresent")
    if not container.pull_until:
        if policy != "Always" and image in pod.machine.images:
            container.tell("Normal", "Pulled", f'Container image "{image}" already present on machine')
            return None
        if policy == "Never":
            text = f'Container image "{image}" is not present with pull policy of Never'
            container.tell("Warning", "ErrImageNeverPull", text)
            return container.wait("ErrImageNeverPull", text, now + 5)
        container.tell("Normal", "Pulling", f'Pulling image "{image}"')
        container.pull_until = now + pod.world.images.app(image).pull_seconds
    if now < container.pull_until:
        return container.pull_until
    if container.reason == "ErrImagePull":
        container.tell("Normal", "BackOff", f'Back-off pulling image "{image}"')
        container.tell("Warning", "Failed", "Error: ImagePullBackOff")
        container.pull_until, container.failed_pulls = 0.0, container.failed_pulls + 1
        return container.wait(
            "ImagePullBackOff", f'Back-off pulling image "{image}"', now + pod.world.backoff(container.failed_pulls)
        )
    error = pod.world.images.pull_error(image, pod.machine.architecture, _has_secret(container))
    if error:
        container.tell("Warning", "Failed", f'Failed to pull image "{image}": {error}')
        container.tell("Warning", "Failed", "Error: ErrImagePull")
        container.pull_until = now + 0.8
        return container.wait("ErrImagePull", error, now + 0.8)
    pod.machine.images.add(image)
    container.tell("Normal", "Pulled", f'Successfully pulled image "{image}"')
    return None


def _has_secret(container: Container) -> bool:
    pod = container.pod.obj
    names = [s.get("name", "") for s in pod["spec"].get("imagePullSecrets") or ()]
    return any(container.pod.world.store.get("secrets", pod["metadata"]["namespace"], name) for name in names)
