"""Whether an admission webhook answers, read from the live world: its Service, endpoints, and what runs there."""

from __future__ import annotations

from .objects import Obj
from .traffic.routes import Routes


def why_silent(routes: Routes, hook: Obj) -> str:
    """Why a webhook does not answer, in the API server's words; '' when it does."""
    config, seconds = hook.get("clientConfig") or {}, hook.get("timeoutSeconds", 10)
    ref = config.get("service")
    if not ref:
        url = config.get("url", "")
        host = url.partition("://")[2].partition("/")[0]
        return (
            f'Post "{url}?timeout={seconds}s": dial tcp: lookup {host.partition(":")[0]}: no such host' if url else ""
        )
    name, namespace, port = ref.get("name", ""), ref.get("namespace", ""), ref.get("port", 443)
    url = f'Post "https://{name}.{namespace}.svc:{port}{ref.get("path", "/")}?timeout={seconds}s"'
    service = routes.store.get("services", namespace, name)
    if service is None:
        return f'{url}: service "{name}" not found'
    routes.refresh()
    route = routes.to_service(service, port, None)
    if not route.targets:
        return (
            f'{url}: no endpoints available for service "{name}"'
            if "refused" in route.error
            else f'{url}: no service port {port} found for service "{name}"'
        )
    for pod, number in route.targets:
        container, error = routes.connect(None, pod, number, f"{pod.ip}:{number}")
        if container and not container.app.hang:
            return ""
        if container:
            return f"{url}: context deadline exceeded"
        return f"{url}: {error}"
    return ""
