"""Requests as a stream of means: each stretch of time they go from the loads down the chains of calls, and are accounted for."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from ..node.app import Call
from ..node.container import Container
from ..node.kubelets import Kubelets
from ..node.pod import Pod
from ..node.settings import secret_values
from ..node.worldfile import Load
from .routes import Route, Routes

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latency histogram, in seconds."""
DEPTH = 12
"""Of a chain of calls."""
SHAPE = 1.6
"""Of the latency distribution (Weibull)."""


@dataclass
class Outcome:
    """How a request fares: the share that succeeds, the mean latency, the error of those that do not."""

    success: float
    latency_ms: float
    error: str = ""


class Flow:
    """All traffic of a world."""

    def __init__(self, kubelets: Kubelets, routes: Routes, loads: list[Load], rng: random.Random) -> None:
        self.kubelets, self.routes, self.loads, self.rng = kubelets, routes, loads, rng
        self.started = kubelets.time
        self.entries: dict[str, Outcome] = {}
        self.entry_rps: dict[str, float] = {}
        self.entry_counts: dict[tuple[str, str], float] = {}
        self.failing: dict[tuple[str, str], tuple[float, str]] = {}
        """(caller, address): (share of failures, error)."""
        self._served: dict[Container, Outcome] = {}
        self._calls: dict[tuple[Container, Call], Outcome] = {}
        self._routes: dict[tuple[str, str], Route] = {}

    # -- single calls ------------------------------------------------------------------------------------------------
    def try_call(self, container: Container, call: Call) -> str:
        """One call outside the stream; its error, or ''."""
        self._forget()
        outcome = self._dial(container, call, DEPTH)
        return outcome.error if outcome.success < 0.5 else ""

    def reach(self, container: Container, address: str) -> str:
        self.routes.refresh()
        return self.routes.reach(_pod(container), address)

    def _forget(self) -> None:
        self._served.clear()
        self._calls.clear()
        self._routes.clear()
        self.routes.refresh()

    def _route(self, client: Pod, address: str) -> Route:
        key = (client.uid, address)
        if key not in self._routes:
            self._routes[key] = self.routes.resolve(client, address)
        return self._routes[key]

    def _call(self, container: Container, call: Call, depth: int) -> Outcome:
        key = (container, call)
        if key not in self._calls:
            self._calls[key] = self._dial(container, call, depth)
        return self._calls[key]

    def _dial(self, container: Container, call: Call, depth: int) -> Outcome:
        address = call.address or container.env.get(call.env, "")
        if not address:
            return Outcome(0, 1, f"no address: {call.env} is empty")
        pod = _pod(container)
        route = self._route(pod, address)
        if route.external is not None:
            rate, latency = float(route.external.get("error_rate", 0)), float(route.external.get("latency_ms", 30))
            late = _late(latency, call.timeout_ms)
            return Outcome((1 - rate) * (1 - late), min(latency, call.timeout_ms), f"{address}: unexpected status 503" if rate else
                           f"{address}: context deadline exceeded" if late > 0.3 else "")  # fmt: skip
        if not route.targets:
            return Outcome(0, call.timeout_ms if "timeout" in route.error else 2, route.error)
        outcomes = [
            self._to(container, call, target, port, route.host, address, depth) for target, port in route.targets
        ]
        count = len(outcomes)
        mean = Outcome(sum(o.success for o in outcomes) / count, sum(o.latency_ms for o in outcomes) / count)
        mean.error = min(outcomes, key=lambda o: o.success).error
        return mean

    def _to(
        self, container: Container, call: Call, target: Pod, port: int, host: str, address: str, depth: int
    ) -> Outcome:
        """The call to one of the pods behind an address."""
        client = _pod(container)
        server, error = self.routes.connect(client, target, port, host)
        if server is None:
            return Outcome(0, call.timeout_ms if "timeout" in error else 2, error)
        asked = self._asked_password(server)
        if asked is not None and call.password and container.env.get(call.password) != asked:
            return Outcome(0, 5, f'{address}: password authentication failed for user "app"')
        if server.app.paths and call.path and call.path not in server.app.paths:
            return Outcome(0, 5, f"{address}{call.path}: unexpected status 404")
        result = self._serve(server, depth - 1)
        latency = result.latency_ms + sum(
            float(p.machine.faults.get("network_delay", {}).get("ms", 0)) for p in (target, client)
        )
        loss = max(float(p.machine.faults.get("network_loss", {}).get("ratio", 0)) for p in (target, client))
        late = _late(latency, call.timeout_ms)
        success = result.success * (1 - late) * (1 - loss)
        why = (
            "context deadline exceeded"
            if late > 0.3
            else "connection reset by peer"
            if loss > 0.3
            else "unexpected status 503"
        )
        return Outcome(
            success, min(latency, call.timeout_ms), f"{address}{call.path}: {why}" if success < 0.999 else ""
        )

    def _asked_password(self, server: Container) -> str | None:
        """The password that a server asks for: as its Secret holds it now, where one gives it."""
        for entry in server.spec.get("env") or ():
            if entry["name"] == server.app.password_env:
                ref = (entry.get("valueFrom") or {}).get("secretKeyRef")
                if not ref:
                    return str(entry.get("value", ""))
                secret = self.kubelets.store.get("secrets", _pod(server).namespace, ref["name"])
                return secret_values(secret).get(ref["key"]) if secret else None
        return None

    def _serve(self, server: Container, depth: int) -> Outcome:
        """How a request fares at a container, with all the calls that it makes."""
        if server in self._served:
            return self._served[server]
        app, busy = server.app, _pod(server).counters.utilisation
        if app.hang:
            return Outcome(0, 30_000, "context deadline exceeded")
        slower = 1 / (1 - min(busy, 0.95)) if busy > 0.5 else 1.0
        outcome = Outcome((1 - app.error_rate) * min(1.0, 1 / max(busy, 1e-9)), app.latency_ms * slower)
        self._served[server] = outcome  # calls may go in circles
        for call in app.calls if depth > 0 else ():
            result = self._call(server, call, depth)
            success = 1 - (1 - result.success) ** (1 + call.retries)
            outcome.latency_ms += call.ratio * result.latency_ms * (1 + call.retries * (1 - result.success))
            if call.required:
                outcome.success *= 1 - min(call.ratio, 1.0) * (1 - success)
            if result.success < 0.999:
                outcome.error = outcome.error or result.error
        return outcome

    # -- the stream --------------------------------------------------------------------------------------------------
    def rate(self, load: Load) -> float:
        """Requests a second that a load sends now."""
        age = self.kubelets.time - self.started
        wave = {"diurnal": 1 + 0.5 * math.sin(2 * math.pi * age / load.period_seconds),
                "step": load.factor if age > load.period_seconds else 1.0}.get(load.profile, 1.0)  # fmt: skip
        return load.rps * wave * self.rng.uniform(0.97, 1.03)

    def tick(self, elapsed: float) -> None:
        """Lets `elapsed` seconds of traffic pass."""
        self.elapsed = elapsed
        self._forget()
        self.failing.clear()
        arrivals: dict[Container, float] = {}
        for load in self.loads:
            rps = self.rate(load)
            outcome = self.entries[load.name] = self._enter(load, rps, arrivals)
            self.entry_rps[load.name] = rps
            for code, share in (("200", outcome.success), ("503", 1 - outcome.success)):
                key = (load.name, code)
                self.entry_counts[key] = self.entry_counts.get(key, 0.0) + rps * share * elapsed
        for pod in list(self.kubelets.pods.values()):
            self._account(pod, arrivals, elapsed)

    def _enter(self, load: Load, rps: float, arrivals: dict[Container, float]) -> Outcome:
        name, _, port = (load.service or self._behind_ingress(load.ingress)).partition(":")
        namespace, _, service_name = name.partition("/")
        service = self.kubelets.store.get("services", namespace, service_name)
        if service is None or not port.isdigit():
            return Outcome(0, 2, f"no Service behind {load.name}")
        route = self.routes.to_service(service, int(port), None)
        if not route.targets:
            return Outcome(0, 2, route.error)
        outcomes: list[Outcome] = []
        first: dict[Container, float] = {}
        for pod, number in route.targets:
            server, error = self.routes.connect(None, pod, number, route.host)
            path = f"/{load.ingress.partition('/')[2]}"
            if server and load.ingress and server.app.paths and path not in server.app.paths:
                server, error = None, "unexpected status 404"
            outcomes.append(
                self._serve(server, DEPTH) if server else Outcome(0, 1000 if "timeout" in error else 2, error)
            )
            if server:
                first[server] = first.get(server, 0.0) + rps / len(route.targets)
        self._flow(first, arrivals)
        count = len(outcomes)
        mean = Outcome(sum(o.success for o in outcomes) / count, sum(o.latency_ms for o in outcomes) / count)
        mean.error = next((o.error for o in outcomes if o.error), "")
        return mean

    def _behind_ingress(self, address: str) -> str:
        """The `namespace/service:port` to which Ingress rules send host/path; the longest prefix wins."""
        host, _, path = address.partition("/")
        best = ("", "")
        for ingress in self.kubelets.store.of("ingresses.networking.k8s.io"):
            for rule in ingress["spec"].get("rules") or ():
                for entry in (rule.get("http") or {}).get("paths") or () if rule.get("host", host) == host else ():
                    prefix, service = entry.get("path", "/"), (entry.get("backend") or {}).get("service") or {}
                    if f"/{path}".startswith(prefix) and len(prefix) > len(best[0]):
                        best = (prefix, self._backend(ingress["metadata"]["namespace"], service))
        return best[1]

    def _backend(self, namespace: str, service: dict[str, object]) -> str:
        name = str(service.get("name", ""))
        found = self.kubelets.store.get("services", namespace, name)
        wanted = service.get("port")
        wanted = wanted if isinstance(wanted, dict) else {}
        ports = {p.get("name"): p["port"] for p in (found or {"spec": {}})["spec"].get("ports") or ()}
        return f"{namespace}/{name}:{wanted.get('number') or ports.get(wanted.get('name'), '')}"

    def _flow(self, level: dict[Container, float], arrivals: dict[Container, float]) -> None:
        """Pushes requests from the first containers down the chains of calls, level by level."""
        for _ in range(DEPTH):
            following: dict[Container, float] = {}
            for server, rps in level.items():
                arrivals[server] = arrivals.get(server, 0.0) + rps
                for call in () if server.app.hang else server.app.calls:
                    self._send(server, call, rps, following)
            if not (level := following):
                return

    def _send(self, server: Container, call: Call, rps: float, following: dict[Container, float]) -> None:
        result = self._call(server, call, DEPTH)
        sent = rps * call.ratio * sum((1 - result.success) ** n for n in range(call.retries + 1))
        address = call.address or server.env.get(call.env, "") or call.env
        self._note(server, address, sent, result)
        route = self._route(_pod(server), address)
        for pod, port in route.targets:
            target, _ = self.routes.connect(_pod(server), pod, port, route.host)
            if target and target is not server:
                following[target] = following.get(target, 0.0) + sent / len(route.targets)

    def _note(self, server: Container, address: str, sent: float, result: Outcome) -> None:
        pod = _pod(server)
        for outcome, share in (("ok", result.success), ("error", 1 - result.success)):
            key = (address, outcome)
            pod.counters.upstream[key] = pod.counters.upstream.get(key, 0.0) + sent * share * self.elapsed
        if result.success > 0.999:
            return
        self.failing[f"{pod.namespace}/{pod.app_name}", address] = (1 - result.success, result.error)
        for _ in range(min(2, math.ceil(sent * (1 - result.success)))):
            server.write(
                self.kubelets.time, f'level=error msg="upstream call failed" upstream={address} err="{result.error}"'
            )

    elapsed = 1.0

    # -- accounts ----------------------------------------------------------------------------------------------------
    def _account(self, pod: Pod, arrivals: dict[Container, float], elapsed: float) -> None:
        """CPU, memory, counters and logs of one pod for the stretch."""
        counters, main = pod.counters, pod.mains[0]
        counters.rps = sum(arrivals.get(c, 0.0) for c in pod.mains) if arrivals else 0.0
        for container in pod.siblings:
            if container.phase == "running":
                self._use(container, arrivals.get(container, counters.rps if container is main else 0.0), elapsed)
        if main.phase != "running":
            counters.utilisation = counters.error_ratio = counters.latency_ms = 0.0
            return
        self._write_logs(main, counters.rps)
        if counters.rps <= 0:
            counters.error_ratio = counters.latency_ms = 0.0
            return
        outcome = self._serve(main, DEPTH)
        counters.error_ratio, counters.latency_ms = 1 - outcome.success, outcome.latency_ms
        done, mean = counters.rps * elapsed, outcome.latency_ms / 1000
        counters.served += done
        for code, share in (("200", outcome.success), ("500" if main.app.error_rate else "503", 1 - outcome.success)):
            if share > 1e-9:
                counters.codes[code] = counters.codes.get(code, 0.0) + done * share
        counters.buckets = counters.buckets or [0.0] * len(BUCKETS)
        for index, bound in enumerate(BUCKETS):
            counters.buckets[index] += done * (1 - math.exp(-((bound / max(mean * 1.1, 1e-4)) ** SHAPE)))
        counters.seconds += done * mean

    def _use(self, container: Container, rps: float, elapsed: float) -> None:
        app, limit = container.app, container.limits.get("cpu", 0.0)
        wanted = app.cpu + rps * app.cpu_per_request
        used = min(wanted, limit or wanted) * self.rng.uniform(0.95, 1.05)
        container.cpu_now, container.cpu_seconds = used, container.cpu_seconds + used * elapsed
        container.periods += 10 * elapsed
        if limit:
            container.throttled += 10 * elapsed * min(1.0, max(0.0, wanted / limit - 0.8) / 0.4)
        pod = _pod(container)
        pod.machine.cpu_seconds += used * elapsed
        if container is pod.mains[0]:
            pod.counters.utilisation = wanted / limit if limit else 0.0
        container.memory_now = container.memory(self.kubelets.time) * self.rng.uniform(0.99, 1.01)

    def _write_logs(self, container: Container, rps: float) -> None:
        app, rng, now = container.app, self.rng, self.kubelets.time
        if not app.logs or (rps <= 0 and app.listen):
            return
        pod, step = _pod(container), int(now - container.started_at)
        values = {"ms": f"{pod.counters.latency_ms or app.latency_ms:.1f}", "n": rng.randrange(1000, 9999), "rps": f"{rps:.1f}",
                  "pod": pod.name, "step": step, "loss": f"{2.5 * math.exp(-step / 200) + 0.8:.4f}"}  # fmt: skip
        container.write(now, rng.choice(app.logs).format_map(values))
        if rps and app.error_rate * rps >= 0.5:
            container.write(now, f'level=error msg="request failed" status=500 request={values["n"]}')


def _late(latency: float, timeout: float) -> float:
    """The share of calls that take longer than the client waits."""
    return min(max((latency / timeout - 0.7) / 0.6, 0.0), 1.0)


def _pod(container: Container) -> Pod:
    pod = container.pod
    assert isinstance(pod, Pod)
    return pod


def quantiles(mean_ms: float) -> dict[str, float]:
    """Percentiles of a latency with this mean, in milliseconds."""
    return {
        f"p{int(q * 100)}_ms": round(mean_ms * 1.1 * (-math.log(1 - q)) ** (1 / SHAPE), 2) for q in (0.5, 0.95, 0.99)
    }
