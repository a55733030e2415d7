"""The small vocabulary: names, quantities, selectors, writers, secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman_tools.fields import Fields
from steersman_tools.managed import writers
from steersman_tools.quantity import quantity, size
from steersman_tools.redact import redact
from steersman_tools.selectors import holds, selects
from steersman_tools.types import Ref

NAME = st.from_regex(r"[a-z]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True)


@given(
    st.just("") | NAME,
    st.sampled_from(["Pod", "Service", "Node"]),
    NAME,
    st.sampled_from(["", "prod", "arn:aws:eks:x:1:cluster/y"]),
)
def test_names_read_back(namespace: str, kind: str, name: str, cluster: str) -> None:
    """The text form of a name names the same thing."""
    ref = Ref(namespace, kind, name, cluster)
    assert Ref.parse(str(ref)) == ref


@pytest.mark.parametrize("text", ["", "cart", "shop/cart", "a/b/c/d/"])
def test_what_names_nothing(text: str) -> None:
    """A text of another form is refused with the form that is wanted."""
    with pytest.raises(ValueError, match="namespace/Kind/name"):
        Ref.parse(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("250m", 0.25),
        ("64Mi", 67108864),
        ("2", 2),
        ("1e3", 1000),
        ("1k", 1000),
        ("1.5Gi", 1610612736),
        ("100n", 1e-7),
        ("", None),
        ("12x", None),
        ("Mi", None),
    ],
)
def test_quantities(text: str, number: float | None) -> None:
    """Quantities read as Kubernetes reads them."""
    found = quantity(text)
    assert found == pytest.approx(number) if number is not None else found is None


@given(st.integers(1, 2**50))
def test_sizes_for_people_are_close(value: int) -> None:
    """A size that is shown reads back to within half a percent."""
    assert quantity(size(value)) == pytest.approx(value, rel=0.005, abs=1)


@pytest.mark.parametrize(
    ("rule", "labels", "expected"),
    [
        ({"key": "a", "operator": "In", "values": ["x"]}, {"a": "x"}, True),
        ({"key": "a", "operator": "NotIn", "values": ["x"]}, {}, True),
        ({"key": "a", "operator": "Exists"}, {}, False),
        ({"key": "a", "operator": "DoesNotExist"}, {}, True),
        ({"key": "a", "operator": "Gt", "values": ["5"]}, {"a": "7"}, True),
        ({"key": "a", "operator": "Lt", "values": ["5"]}, {"a": "x"}, False),
        ({"key": "a", "operator": "Like", "values": ["x"]}, {"a": "x"}, False),
    ],
)
def test_requirements(rule: dict[str, object], labels: dict[str, str], expected: bool) -> None:  # noqa: FBT001  a table
    """Each operator as the API defines it; one that is unknown never holds."""
    assert holds(Fields(rule), labels) is expected  # type: ignore[arg-type]  # a row of the table


def test_an_empty_selector_selects_everything() -> None:
    """As for NetworkPolicies."""
    assert selects(Fields({}), {"a": "b"})


SERVICE = Fields(
    {
        "metadata": {
            "managedFields": [
                {"manager": "apply", "time": "2026-03-14T10:00:00Z", "fieldsV1": {"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}}, "f:selector": {}}}},
                {"manager": "edit", "time": "2026-03-14T11:00:00Z", "fieldsV1": {"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {"f:targetPort": {}}}}}},
            ]
        },
        "spec": {"ports": [{"port": 443, "protocol": "TCP"}, {"port": 80, "protocol": "TCP", "targetPort": 9}], "selector": {"app": "x"}},
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "managers"),
    [
        ("spec.ports[1].targetPort", ["edit"]),
        ("spec.ports[1].port", ["apply"]),
        ("spec.selector", ["apply"]),
        ("spec.ports[0].port", ["edit", "apply"]),
        ("status.x", []),
    ],
)
def test_who_wrote_a_field(path: str, managers: list[str]) -> None:
    """The owner of exactly this field, or of the nearest thing above it that is owned."""
    assert [w.manager for w in writers(SERVICE, path)] == managers


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ("postgres://app:winter-orchard@db:5432/x", "postgres://app:", "winter-orchard"),
        ("DATABASE_PASSWORD=hunter22", "DATABASE_PASSWORD=", "hunter22"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer", "abcdef0123456789"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x", "token ", "eyJhbGci"),
        ("key AKIAIOSFODNN7EXAMPLE", "key ", "AKIAIOSFODNN7EXAMPLE"),
        ('{"api_key": "s3cr3t-value"}', "api_key", "s3cr3t-value"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "", "MIIE"),
    ],
)
def test_secrets_are_taken_out(text: str, kept: str, gone: str) -> None:
    """Credentials go, what surrounds them stays."""
    clean = redact(text)
    assert gone not in clean
    assert kept in clean


@pytest.mark.parametrize(
    "text",
    [
        'password authentication failed for user "app"',
        "secretKeyRef: {name: catalog-db, key: password}",
        'secret "catalog-db" not found',
        "spec.ports[0].targetPort: 9999",
    ],
)
def test_words_about_secrets_stay(text: str) -> None:
    """What only speaks of secrets is evidence and stays as it is."""
    assert redact(text) == text
