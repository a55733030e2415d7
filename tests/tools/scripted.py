"""A small HTTP server that answers as it is told: for what a real API server cannot be made to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml


@dataclass(frozen=True)
class Answer:
    """A response."""

    body: object = None
    status: int = 200
    content_type: str = "application/json"

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Script = Callable[[str, Mapping[str, str]], Answer]


@contextmanager
def served(script: Script) -> Iterator[str]:
    """The URL of a server that answers every GET by the script."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            answer = script(parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()})
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.data)))
            self.end_headers()
            self.wfile.write(answer.data)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def kubeconfig(folder: Path, url: str, **context: str) -> Path:
    """A kubeconfig that leads to the URL."""
    path = folder / "kubeconfig"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u", **context}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path


VERSION = {"major": "1", "minor": "33", "gitVersion": "v1.33.1"}
NOT_FOUND = Answer({"kind": "Status", "message": "the server could not find the requested resource", "code": 404}, 404)


def api(path: str, query: Mapping[str, str]) -> Answer:
    """An empty cluster."""
    if path == "/version":
        return Answer(VERSION)
    if path == "/apis":
        groups = ("apps", "batch", "autoscaling", "policy", "networking.k8s.io", "storage.k8s.io", "scheduling.k8s.io",
                  "admissionregistration.k8s.io", "apiregistration.k8s.io", "rbac.authorization.k8s.io")  # fmt: skip
        versions = [{"version": "v1"}, {"version": "v2"}]
        return Answer({"kind": "APIGroupList", "groups": [{"name": g, "versions": versions} for g in groups]})
    return Answer({"kind": "List", "metadata": {}, "items": []})
