"""The read side of a live cluster, against servers that misbehave."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from steersman_tools.kubernetes.read import ClusterReader
from steersman_tools.kubernetes.transport import connect
from steersman_tools.snapshot import LogQuery, Snapshot
from steersman_tools.types import Ref, Unreachable

from .scripted import NOT_FOUND, Answer, Script, api, kubeconfig, served


async def look(folder: Path, script: Script, context_namespace: str = "default") -> Snapshot:
    with (
        served(script) as url,
        closing(connect(kubeconfig(folder, url, namespace=context_namespace), None)) as transport,
    ):
        return await ClusterReader(transport).snapshot(None)


def pods(*names: str, more: str = "") -> Answer:
    items = [{"metadata": {"name": n, "namespace": "shop", "managedFields": [{}]}, "spec": {}} for n in names]
    return Answer({"kind": "PodList", "metadata": {"continue": more} if more else {}, "items": items})


async def test_an_empty_cluster(tmp_path: Path) -> None:
    """Nothing is there, everything was checked, nothing is amiss."""
    snapshot = await look(tmp_path, api)
    assert snapshot.resources == ()
    assert snapshot.not_checked == ()
    assert snapshot.version == "v1.33.1"
    assert snapshot.lacks(Ref("shop", "Service", "cart"))


async def test_pages_are_followed_and_an_expired_one_begins_again(tmp_path: Path) -> None:
    """A list comes in pages; when the token expires in the middle, the list is read anew."""
    calls: list[str] = []

    def script(path: str, query: Mapping[str, str]) -> Answer:
        if path != "/api/v1/pods":
            return api(path, query)
        calls.append(query.get("continue", ""))
        if query.get("continue") == "old":
            return Answer({"kind": "Status", "message": "expired", "code": 410}, 410)
        if query.get("continue") == "next":
            return pods("c")
        return pods("a", "b", more="old" if len(calls) == 1 else "next")

    snapshot = await look(tmp_path, script)
    assert [p.name for p in snapshot.all("Pod")] == ["a", "b", "c"]
    assert calls == ["", "old", "", "next"]
    assert all(not p.has("metadata.managedFields") for p in snapshot.all("Pod"))


async def test_forbidden_kinds_are_not_checked_and_never_missing(tmp_path: Path) -> None:
    """What RBAC forbids is a gap with the server's own words, and nothing of it counts as absent."""

    def script(path: str, query: Mapping[str, str]) -> Answer:
        if path.endswith("/secrets") or path == "/api/v1/nodes":
            return Answer({"kind": "Status", "message": 'secrets is forbidden: User "u" cannot list', "code": 403}, 403)
        return api(path, query)

    snapshot = await look(tmp_path, script)
    gaps = {gap.what: gap.why for gap in snapshot.not_checked}
    assert "nodes" in gaps
    assert any("secrets" in what for what in gaps)
    assert all("forbidden" in why for why in gaps.values())
    assert not snapshot.lacks(Ref("shop", "Secret", "x"))
    assert not snapshot.lacks(Ref("", "Node", "x"))


async def test_one_namespace_is_enough_where_no_more_is_permitted(tmp_path: Path) -> None:
    """Where only the context's namespace may be read, it is read and the rest is said not to be checked."""

    def script(path: str, query: Mapping[str, str]) -> Answer:
        if path == "/api/v1/pods":
            return Answer({"kind": "Status", "message": "pods is forbidden", "code": 403}, 403)
        if path == "/api/v1/namespaces/shop/pods":
            return pods("mine")
        return api(path, query)

    snapshot = await look(tmp_path, script, context_namespace="shop")
    assert [p.name for p in snapshot.all("Pod")] == ["mine"]
    assert [gap.what for gap in snapshot.not_checked] == ["pods outside namespace shop"]
    assert snapshot.lacks(Ref("shop", "Pod", "other"))
    assert not snapshot.lacks(Ref("ml", "Pod", "other"))


async def test_old_and_missing_versions(tmp_path: Path) -> None:
    """A server without batch/v1 CronJobs is asked for v1beta1; a kind that it lacks altogether is a gap."""

    def script(path: str, query: Mapping[str, str]) -> Answer:
        if path == "/apis":
            groups = [{"name": "batch", "versions": [{"version": "v1"}, {"version": "v1beta1"}]}]
            return Answer({"groups": groups})
        if path == "/apis/batch/v1beta1/cronjobs":
            return Answer({"items": [{"metadata": {"name": "night", "namespace": "shop"}}]})
        if path == "/apis/batch/v1/cronjobs":
            return NOT_FOUND
        return api(path, query)

    snapshot = await look(tmp_path, script)
    assert [c.name for c in snapshot.all("CronJob")] == ["night"]
    assert "deployments" in {gap.what for gap in snapshot.not_checked}
    assert "gateways" not in {gap.what for gap in snapshot.not_checked}


async def test_secrets_arrive_without_values(tmp_path: Path) -> None:
    """Only the keys of a Secret are kept, and no copy of it in an annotation."""

    def script(path: str, query: Mapping[str, str]) -> Answer:
        if path == "/api/v1/secrets":
            notes = {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}
            item = {
                "metadata": {"name": "s", "namespace": "x", "annotations": notes},
                "data": {"password": "aHVudGVyMg==", "empty": ""},
            }
            return Answer({"items": [item]})
        return api(path, query)

    secret = next(iter((await look(tmp_path, script)).all("Secret")))
    assert secret.map("data") == {"password": "<redacted>", "empty": ""}
    assert "hunter2" not in repr(secret)
    assert "aHVudGVyMg" not in repr(secret)


async def test_a_page_of_html_is_a_gap(tmp_path: Path) -> None:
    """A proxy's sign-in page in place of a list is not an empty list."""

    def script(path: str, query: Mapping[str, str]) -> Answer:
        return Answer(b"<html>sign in</html>", content_type="text/html") if path == "/api/v1/pods" else api(path, query)

    snapshot = await look(tmp_path, script)
    assert [gap.what for gap in snapshot.not_checked] == ["pods"]
    assert not snapshot.lacks(Ref("shop", "Pod", "x"))


async def test_logs_of_any_bytes(tmp_path: Path) -> None:
    """Lines of megabytes are cut, bytes that are no text are shown as such, stamps are read."""
    body = b"2026-03-14T15:09:26.123456789Z level=info caf\xe9\n" + b"2026-03-14T15:09:27Z " + b"x" * 5_000_000

    def script(path: str, query: Mapping[str, str]) -> Answer:
        return Answer(body, content_type="text/plain") if path.endswith("/log") else api(path, query)

    with served(script) as url, closing(connect(kubeconfig(tmp_path, url), None)) as transport:
        log = (await ClusterReader(transport).logs([LogQuery(Ref("shop", "Pod", "a"), "main")]))[0]
    assert log.lines[0].text == "level=info caf\ufffd"
    assert str(log.lines[0].at) == "2026-03-14 15:09:26.123456+00:00"
    assert len(log.lines[1].text) <= 2_000


async def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    """The server's own words say why there is no log."""

    def script(path: str, query: Mapping[str, str]) -> Answer:
        message = 'previous terminated container "main" in pod "a" not found'
        return Answer({"kind": "Status", "message": message}, 400) if path.endswith("/log") else api(path, query)

    with served(script) as url, closing(connect(kubeconfig(tmp_path, url), None)) as transport:
        log = (await ClusterReader(transport).logs([LogQuery(Ref("shop", "Pod", "a"), "main", previous=True)]))[0]
    assert log.lines == ()
    assert "previous terminated container" in log.why_not


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            lambda path, query: Answer({"kind": "Status", "message": "Unauthorized"}, 401),
            "refuses the credentials of context 'test' (401)",
        ),
        (lambda path, query: Answer(b"<html>", content_type="text/html"), "is not a Kubernetes API server"),
        (lambda path, query: Answer({"hello": "world"}), "is not a Kubernetes API server"),
    ],
)
async def test_what_is_no_cluster_is_said_in_a_sentence(tmp_path: Path, script: Script, words: str) -> None:
    """An expired token or a server of another kind stops the session with one clear sentence."""
    with pytest.raises(Unreachable, match=r".") as caught:
        await look(tmp_path, script)
    assert words in str(caught.value)


async def test_a_server_that_is_gone(tmp_path: Path) -> None:
    """Nothing listens: the address and the reason are named."""
    gone = r"https://127\.0\.0\.1:1 does not answer \(connection refused\)"
    with (
        closing(connect(kubeconfig(tmp_path, "https://127.0.0.1:1"), None)) as transport,
        pytest.raises(Unreachable, match=gone),
    ):
        await ClusterReader(transport).snapshot(None)


HALF = "{apiVersion: v1, kind: Config, clusters: [], contexts: [{name: a, context: {cluster: c, user: u}}], users: [], current-context: a}"
WHOLE = HALF.replace("clusters: []", "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]").replace(
    "users: []", "users: [{name: u, user: {}}]"
)


@pytest.mark.parametrize(
    ("text", "context", "words"),
    [
        (None, None, "There is no kubeconfig"),
        ("{", None, "is not valid YAML"),
        ("[]", None, "cannot be used"),
        (HALF, None, "cannot be used"),
        (WHOLE, "b", "There is no context 'b' in the kubeconfig: choose one of a."),
    ],
)
def test_bad_kubeconfigs(tmp_path: Path, text: str | None, context: str | None, words: str) -> None:
    """Each way in which a kubeconfig can be wrong is one sentence."""
    path = tmp_path / "kubeconfig"
    if text is not None:
        path.write_text(text)
    with pytest.raises(Unreachable, match=r".") as caught:
        connect(path, context)
    assert words in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_foreign_exceptions_stop_at_the_adapter() -> None:
    """Callers know our exceptions only."""
    import urllib3.exceptions  # noqa: PLC0415  named here only to be told apart
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415  as above

    assert not issubclass(Unreachable, urllib3.exceptions.HTTPError | ApiException)
