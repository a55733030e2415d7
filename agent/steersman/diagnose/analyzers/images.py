"""Images that cannot be pulled: wrong name, wrong registry, missing credentials, wrong architecture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steersman_tools.types import Observation

from ...faults import Fault
from ...types import Finding, Output, RuledOut
from .. import cite
from ..changes import container_before
from ..scene import Scene
from ..trouble import Trouble, containers_in_trouble, one_each

WAITING = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "RegistryUnavailable",
    "ImageInspectError",
}

# The words of container runtimes and registries, the most telling first.
_SIGNS: tuple[tuple[Fault, re.Pattern[str]], ...] = (
    (Fault.IMAGE_ARCHITECTURE_MISMATCH, re.compile(r"no match for platform|does not match the specified platform", re.I)),
    (
        Fault.IMAGE_REGISTRY_UNREACHABLE,
        re.compile(
            r"no such host|name resolution|Name or service not known|lookup [\w.-]+(?: on [\d.:\[\]]+)?: |dial tcp|server misbehaving|i/o timeout|connection refused|TLS handshake timeout|network is unreachable"
            r"|context deadline exceeded|x509:|no route to host|EOF$|503 Service Unavailable|Client\.Timeout",
            re.I,
        ),
    ),
    (Fault.IMAGE_NOT_FOUND, re.compile(r"manifest unknown|manifest for .* not found|invalid reference format|name unknown|NAME_UNKNOWN", re.I)),
    (
        Fault.IMAGE_PULL_UNAUTHORIZED,
        re.compile(r"unauthorized|authentication required|no basic auth|403 Forbidden|401|insufficient_scope|authorization failed|pull access denied|access to the resource is denied", re.I),
    ),
    (Fault.IMAGE_NOT_FOUND, re.compile(r"not found|does not exist|InvalidImageName|not present with pull policy", re.I)),
)  # fmt: skip

_EFFECTS = {
    Fault.IMAGE_NOT_FOUND: "does not exist in its registry",
    Fault.IMAGE_REGISTRY_UNREACHABLE: "cannot be pulled: its registry cannot be reached",
    Fault.IMAGE_PULL_UNAUTHORIZED: "cannot be pulled: the registry refuses the credentials",
    Fault.IMAGE_ARCHITECTURE_MISMATCH: "has no build for the architecture of the node",
}


def image_pull(scene: Scene) -> Iterator[Output]:
    """One finding for each container whose image cannot be had."""
    stuck = [t for t in containers_in_trouble(scene) if t.waiting in WAITING]
    for trouble in one_each(stuck):
        error, observations = _error(
            scene, trouble, [t for t in stuck if t.workload is trouble.workload and t.name == trouble.name]
        )
        fault = _classify(scene, trouble, error)
        image = trouble.spec.text("image") or trouble.status.text("image")
        past = container_before(scene, trouble.workload, trouble.name).text("image")
        good = past if past and past != image else ""
        ref = trouble.workload.ref
        yield Finding(
            fault=fault,
            entity=ref,
            field=f"{trouble.path}.image",
            observed=image,
            expected=_expected(fault, good),
            summary=f"Image {image} of {ref.kind} {ref.name} {_EFFECTS[fault]}",
            advice=_advice(fault, trouble, good),
            certainty=0.97 if error else 0.8,
            breaks=(ref,),
            observations=observations,
        )
        yield from _ruled_out(fault, trouble, error)


def _error(scene: Scene, trouble: Trouble, alike: list[Trouble]) -> tuple[str, tuple[Observation, ...]]:
    """The registry's own words: from the latest event about any of the pods that has them, or from a container's state."""
    image = trouble.spec.text("image")
    state = cite.container_state(scene, trouble.pod, trouble.status)
    for one in [trouble, *alike]:
        found = [
            e
            for e in scene.events(one.pod, "Failed", "InspectFailed")
            if "pull" in e.message and not e.message.startswith("Error: ")
        ]
        if found:
            best = next((e for e in found if image in e.message), found[0])
            return f"{best.message} {_words(one)}", (cite.event(scene, best), state)
    words = next((w for one in [trouble, *alike] if (w := _words(one))), "")
    return words or (trouble.waiting if trouble.waiting == "InvalidImageName" else ""), (state,)


def _words(trouble: Trouble) -> str:
    """The runtime's error, which newer kubelets keep in the state while they back off."""
    return trouble.message if trouble.waiting != "ImagePullBackOff" or "rpc error" in trouble.message else ""


def _classify(scene: Scene, trouble: Trouble, error: str) -> Fault:
    if re.search(r"pull access denied|denied: requested access", error, re.I) and "does not exist" in error:
        return Fault.IMAGE_PULL_UNAUTHORIZED if _others_pull_with_secret(scene, trouble) else Fault.IMAGE_NOT_FOUND
    return next((fault for fault, sign in _SIGNS if sign.search(error)), Fault.IMAGE_NOT_FOUND)


def _others_pull_with_secret(scene: Scene, trouble: Trouble) -> bool:
    """Whether the repository is known to exist: it ran before, or others pull from the same place with a Secret.

    Registries give the same answer for what does not exist and for what one may not see.
    """
    image = trouble.spec.text("image")
    place = image.rpartition("/")[0]
    past = container_before(scene, trouble.workload, trouble.name).text("image")
    if past and _repository(past) == _repository(image):
        return True
    if trouble.workload.spec.each("imagePullSecrets"):
        return any(
            scene.snapshot.lacks(type(trouble.workload.ref)(trouble.workload.ref.namespace, "Secret", s.text("name")))
            for s in trouble.workload.spec.each("imagePullSecrets")
        )
    return any(
        w.spec.each("imagePullSecrets") and any(c.text("image").rpartition("/")[0] == place for c in w.containers)
        for w in scene.workloads.values()
        if w.ref != trouble.workload.ref
    )


def _repository(image: str) -> str:
    head, _, tail = image.partition("@")[0].rpartition("/")
    return f"{head}/{tail.partition(':')[0]}"


def _expected(fault: Fault, good: str) -> str:
    if good:
        return good
    return {
        Fault.IMAGE_NOT_FOUND: "an image that exists",
        Fault.IMAGE_REGISTRY_UNREACHABLE: "a registry that answers",
        Fault.IMAGE_PULL_UNAUTHORIZED: "credentials that the registry accepts",
        Fault.IMAGE_ARCHITECTURE_MISMATCH: "an image for the node's architecture",
    }[fault]


def _advice(fault: Fault, trouble: Trouble, good: str) -> str:
    ref = trouble.workload.ref
    if good:
        return f"Set the image back to {good}: kubectl -n {ref.namespace} set image {ref.kind.lower()}/{ref.name} {trouble.name}={good}"
    if fault is Fault.IMAGE_PULL_UNAUTHORIZED:
        return (
            "Create a docker-registry Secret and name it in imagePullSecrets of the pod template or its ServiceAccount"
        )
    return "Correct the image, or push it to the registry"


def _ruled_out(fault: Fault, trouble: Trouble, error: str) -> Iterator[RuledOut]:
    others = {Fault.IMAGE_NOT_FOUND, Fault.IMAGE_PULL_UNAUTHORIZED, Fault.IMAGE_REGISTRY_UNREACHABLE} - {fault}
    why = {
        Fault.IMAGE_NOT_FOUND: "the registry answered that it does not know the image",
        Fault.IMAGE_PULL_UNAUTHORIZED: "the registry answered, and refused the credentials",
        Fault.IMAGE_REGISTRY_UNREACHABLE: "the registry never answered",
        Fault.IMAGE_ARCHITECTURE_MISMATCH: "the registry has the image, for other architectures",
    }[fault]
    if error:
        for other in sorted(others):
            yield RuledOut(fault=other, entity=trouble.workload.ref, why=why)
