"""The control plane of a world: which controllers there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .control.autoscaler import Autoscaler
from .control.base import Control
from .control.cronjobs import CronJobs
from .control.custom import CustomResources
from .control.daemonsets import DaemonSets
from .control.deployments import Deployments
from .control.disruption import Disruption
from .control.endpoints import Endpoints
from .control.garbage import Garbage
from .control.jobs import Jobs
from .control.namespaces import Namespaces, ServiceAccounts
from .control.nodes import Nodes
from .control.quota import Quota
from .control.replicasets import ReplicaSets
from .control.statefulsets import StatefulSets
from .control.volumes import Volumes

if TYPE_CHECKING:
    from .world import World


def control_plane(world: World, *, modern: bool) -> list[Control]:
    """All controllers, in the order in which they look at a change."""
    registry, recorder, settings = world.registry, world.recorder, world.file.settings
    deployments = Deployments(registry, recorder)
    deployments.modern = modern
    volumes = Volumes(registry, recorder)
    volumes.provisioner = settings.provisioner
    nodes = Nodes(registry, recorder)
    nodes.grace = settings.grace_seconds
    return [
        CustomResources(registry, recorder),
        Namespaces(registry, recorder),
        ServiceAccounts(registry, recorder),
        deployments,
        ReplicaSets(registry, recorder),
        ReplicaSets(registry, recorder, "replicationcontrollers"),
        StatefulSets(registry, recorder),
        DaemonSets(registry, recorder, world.scheduler.nodes_now),
        Jobs(registry, recorder),
        CronJobs(registry, recorder),
        volumes,
        Endpoints(registry, recorder),
        Disruption(registry, recorder),
        Autoscaler(registry, recorder, world.kubelets),
        Quota(registry, recorder),
        nodes,
        Garbage(registry, recorder),
    ]
