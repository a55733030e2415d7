"""Addresses in settings that lead to nothing: a name without a Service, a port that the Service does not have."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..addresses import Call, variables
from ..changes import container_before, written_at
from ..failures import Failure, failing_calls
from ..scene import Scene, ServiceView
from .databases import is_database


def wrong_addresses(scene: Scene) -> Iterator[Output]:
    """Calls whose address names no Service, or a port that the Service does not offer."""
    for call in scene.calls:
        if call.service is None or call.observed or _set_twice(scene, call):
            continue
        view = scene.services.get(call.service)
        if view is None:
            if scene.snapshot.lacks(call.service):
                yield from _no_such_service(scene, call)
        elif call.port is None and not view.external:
            yield from _no_port(scene, call, view)
        elif (
            call.port
            and not view.headless
            and not view.external
            and not _database(view)
            and call.port not in _offered(view)
        ):
            yield from _no_such_port(scene, call, view)


def _set_twice(scene: Scene, call: Call) -> bool:
    """Whether the variable stands twice in the container: environment.py speaks of it."""
    workload = scene.workloads.get(call.caller)
    entries = workload.container(call.container).each("env") if workload else []
    return sum(e.text("name") == call.variable for e in entries) > 1


def _database(view: ServiceView) -> bool:
    """Whether databases.py speaks of it."""
    return any(is_database(w) for w in view.workloads)


def _offered(view: ServiceView) -> set[int]:
    return {p.count("port") for p in view.ports}


def _no_such_service(scene: Scene, call: Call) -> Iterator[Output]:
    assert call.service
    others = {c.caller for c in scene.callers.get(call.service, ())} - {call.caller}
    if others or any(
        w.ref.name == call.service.name and w.ref.namespace == call.service.namespace for w in scene.workloads.values()
    ):
        return  # several call it, or its workload is there: the Service is missing, the address is right
    past, right = _before(scene, call), _others_say(scene, call)
    names = [s.name for s in scene.snapshot.all("Service") if s.namespace == call.service.namespace]
    close = get_close_matches(call.service.name, names, n=1, cutoff=0.75)
    near = call.value.replace(call.host, close[0]) if close else ""
    failures = _failures(scene, call)
    if not past and not right and not close and not failures:
        return
    yield _finding(
        scene,
        call,
        past or right or near or "an address that exists",
        f"names Service {call.service.name}, which does not exist",
        0.95 if failures or past or right else 0.75,
        failures,
        [cite.absent(scene, call.service)],
    )


def _others_say(scene: Scene, call: Call) -> str:
    """What other workloads of the namespace have in a variable of that name, where all agree and it leads somewhere."""
    theirs = {
        c.value
        for c in scene.calls
        if c.variable == call.variable
        and c.caller != call.caller
        and c.caller.namespace == call.caller.namespace
        and c.service in scene.services
    }
    return theirs.pop() if len(theirs) == 1 else ""


def _no_such_port(scene: Scene, call: Call, view: ServiceView) -> Iterator[Output]:
    offered = sorted(_offered(view))
    failures = _failures(scene, call)
    if _service_changed(scene, call, view):
        index = 0
        yield Finding(
            fault=Fault.SERVICE_PORT_MISMATCH,
            entity=view.ref,
            field=f"spec.ports[{index}].port",
            observed=", ".join(map(str, offered)),
            expected=str(call.port),
            summary=f"Service {view.ref.name} offers port {', '.join(map(str, offered))}, but {_callers(scene, view.ref)} call port {call.port}",
            advice=f"Set spec.ports[{index}].port of Service {view.ref.name} to {call.port}",
            certainty=0.95 if failures else 0.8,
            breaks=(view.ref,),
            observations=(
                cite.fields(scene, view.resource, "spec.ports"),
                *_shown(scene, call),
                *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:1]),
            ),
        )
        return
    expected = (
        _before(scene, call)
        or _others_say(scene, call)
        or call.value.replace(f":{call.port}", f":{offered[0]}" if offered else "")
    )
    words = f"asks Service {view.ref.name} for port {call.port}; it offers {', '.join(map(str, offered))}"
    yield _finding(
        scene,
        call,
        expected,
        words,
        0.96 if failures else 0.9,
        failures,
        [cite.fields(scene, view.resource, "spec.ports")],
    )


def _no_port(scene: Scene, call: Call, view: ServiceView) -> Iterator[Output]:
    """A bare name where the program wants a name and a port: its own log says so."""
    failures = [f for f in _failures(scene, call) if f.sign.kind == "address-invalid"]
    offered = sorted(_offered(view))
    if failures and offered:
        expected = _before(scene, call) or _others_say(scene, call) or f"{call.value}:{offered[0]}"
        words = f"names no port; Service {view.ref.name} offers {', '.join(map(str, offered))}"
        yield _finding(scene, call, expected, words, 0.95, failures, [cite.fields(scene, view.resource, "spec.ports")])


def _service_changed(scene: Scene, call: Call, view: ServiceView) -> bool:
    """Whether the Service, and not the caller, is the odd one: most callers ask for the same port, or it was written last."""
    asked = [c.port for c in scene.callers.get(view.ref, ()) if c.port]
    callers = {c.caller for c in scene.callers.get(view.ref, ())}
    if len(callers) > 1:
        return all(port not in _offered(view) for port in asked)
    holder = scene.snapshot.get(call.holder)
    ours = written_at(holder, call.field) if holder else None
    theirs = written_at(view.resource, "spec.ports[0].port")
    return bool(ours and theirs and theirs > ours) and not _before(scene, call)


def _before(scene: Scene, call: Call) -> str:
    """The value that the variable had in the revision before, where that was another one."""
    workload = scene.workloads.get(call.caller)
    if workload is None or call.holder != call.caller:
        return ""
    past = container_before(scene, workload, call.container)
    old = {v.name: v.value for v in variables(workload, past, scene.snapshot)}.get(call.variable)
    return old if old and old != call.value else ""


def _callers(scene: Scene, service: Ref) -> str:
    return ", ".join(sorted({c.caller.name for c in scene.callers.get(service, ())}))


def _failures(scene: Scene, call: Call) -> list[Failure]:
    return [
        f
        for f in failing_calls(scene)
        if f.caller == call.caller and (f.target == call.service or call.host in f.address)
    ]


def _shown(scene: Scene, call: Call) -> Iterator[Observation]:
    if holder := scene.snapshot.get(call.holder):
        yield cite.fields(scene, holder, call.field)


def _finding(
    scene: Scene,
    call: Call,
    expected: str,
    words: str,
    certainty: float,
    failures: list[Failure],
    shown: list[Observation],
) -> Finding:
    return Finding(
        fault=Fault.ENV_ADDRESS_WRONG,
        entity=call.holder,
        field=call.field,
        observed=f"{call.variable}={call.value}",
        expected=f"{call.variable}={expected}",
        summary=f"{call.variable} of {call.caller.kind} {call.caller.name} {words}",
        advice=f"Set {call.variable} to {expected}",
        certainty=certainty,
        breaks=(call.caller,),
        needs_symptom=certainty < 0.9,
        observations=(*_shown(scene, call), *shown, *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:2])),
    )
