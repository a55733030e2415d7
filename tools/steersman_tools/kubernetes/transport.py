"""One authenticated way to an API server: the official client's connection, without its models.

Parsing 3,000 pods into models takes seconds and breaks on fields of other versions; JSON does neither.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import urllib3.exceptions
import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config.config_exception import ConfigException

from ..types import Json, Unreachable
from .connection import Reply as Reply

CONNECTIONS = 8
CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0


class Transport:
    """Requests to one API server; several run at once, in threads of its own."""

    def __init__(self, api: ApiClient, context: str, namespace: str) -> None:
        self.api, self.context, self.namespace = api, context, namespace
        self.server = str(api.configuration.host)
        self._pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="kubernetes")

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Json = None,
        content_type: str = "application/json",
    ) -> Reply:
        """Sends one request. Raises Unreachable when no answer comes back."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._send, method, path, dict(query or {}), body, content_type)

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Reply:
        return await self.request("GET", path, query)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.api.close()

    def _send(self, method: str, path: str, query: dict[str, str | int], body: Json, content_type: str) -> Reply:
        headers = {"Accept": "application/json"} | ({"Content-Type": content_type} if body is not None else {})
        serialized = self.api.param_serialize(
            method=method,
            resource_path=path,
            query_params=list(query.items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self.api.call_api(*serialized, _request_timeout=(CONNECT_SECONDS, READ_SECONDS)).response
            return Reply(response.status, response.data, response.headers.get("Content-Type", ""))
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"{self.server} does not answer ({reason(error)}).") from error


def reason(error: Exception) -> str:
    """Why a connection failed, in a few words."""
    text = str(error)
    known = {
        "Connection refused": "connection refused",
        "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted by this kubeconfig",
        "WRONG_VERSION_NUMBER": "it does not speak TLS",
        "Name or service not known": "its name cannot be resolved",
        "Temporary failure in name resolution": "its name cannot be resolved",
        "timed out": "timed out",
    }
    return next((words for sign, words in known.items() if sign in text), text.splitlines()[0][:160])


def context_names(kubeconfig: Path | None) -> tuple[str, ...]:
    """The clusters that the kubeconfig knows, by the names of its contexts; none where it cannot be read."""
    files = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or "~/.kube/config"
    try:
        contexts, _ = config.list_kube_config_contexts(config_file=files)
        return tuple(sorted(str(c["name"]) for c in contexts))
    except (yaml.YAMLError, UnicodeDecodeError, ConfigException, OSError, TypeError, AttributeError):
        return ()


def connect(kubeconfig: Path | None, context: str | None) -> Transport:
    """A connection as kubectl would make it: --kubeconfig, $KUBECONFIG, ~/.kube/config, or from inside a pod.

    Raises Unreachable, with a sentence for a person, when there is no usable configuration.
    """
    if kubeconfig and not kubeconfig.is_file():
        raise Unreachable(f"There is no kubeconfig {kubeconfig}: give an existing file with --kubeconfig.")
    configuration = Configuration()
    configuration.retries = False
    configuration.connection_pool_maxsize = CONNECTIONS
    files = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or "~/.kube/config"
    if not any(Path(file).expanduser().is_file() for file in files.split(os.pathsep)):
        return _inside_a_pod(configuration)
    try:
        contexts, active = config.list_kube_config_contexts(config_file=files)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Unreachable(f"The kubeconfig {files} is not valid YAML: mend it or give another one.") from error
    except (ConfigException, OSError, TypeError, AttributeError) as error:
        raise Unreachable(f"The kubeconfig {files} cannot be used: {_first_line(error)}.") from error
    chosen = next((c for c in contexts if c["name"] == context), None) if context else active
    if chosen is None:
        names = ", ".join(sorted(str(c["name"]) for c in contexts)) or "none"
        raise Unreachable(f"There is no context {context!r} in the kubeconfig: choose one of {names}.")
    try:
        config.load_kube_config(config_file=files, context=chosen["name"], client_configuration=configuration)
    except (ConfigException, OSError, ValueError, KeyError, TypeError) as error:
        raise Unreachable(f"Context {chosen['name']!r} cannot be used: {_first_line(error)}.") from error
    namespace = chosen["context"].get("namespace") or "default"
    return Transport(ApiClient(configuration), str(chosen["name"]), str(namespace))


def _inside_a_pod(configuration: Configuration) -> Transport:
    try:
        config.load_incluster_config(client_configuration=configuration)
    except ConfigException as error:
        raise Unreachable(
            "No cluster is configured: set KUBECONFIG or give --kubeconfig FILE, or try `steersman demo`, which needs none."
        ) from error
    namespace = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    return Transport(ApiClient(configuration), "in-cluster", namespace.read_text() if namespace.exists() else "default")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
