"""Ways in that cannot open, and the conditions of hygiene that are asked for by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from steersman.diagnose import examine
from steersman.diagnose.analyzers import ANALYZERS
from steersman.extensions.load import PACKS, added
from steersman.extensions.rules import read
from steersman_tools.testing import Given

from .helpers import shop

CASES: dict[str, tuple[Given, tuple[str, str, str]]] = {
    "ingress class": (
        {"kind": "Ingress", "metadata": {"name": "web"}, "spec": {"ingressClassName": "nginz"}},
        ("ingress-misroute", "shop/Ingress/web", "spec.ingressClassName"),
    ),
    "ingress certificate": (
        {"kind": "Ingress", "metadata": {"name": "web"}, "spec": {"tls": [{"secretName": "gone"}]}},
        ("secret-missing", "shop/Ingress/web", "spec.tls[0].secretName"),
    ),
    "gateway class": (
        {"kind": "Gateway", "metadata": {"name": "edge"}, "spec": {"gatewayClassName": "none-such"}},
        ("gateway-misroute", "shop/Gateway/edge", "spec.gatewayClassName"),
    ),
    "gateway not programmed": (
        {
            "kind": "Gateway", "metadata": {"name": "edge"}, "spec": {},
            "status": {"conditions": [{"type": "Programmed", "status": "False", "reason": "AddressNotAssigned", "message": "no address"}]},
        },
        ("gateway-misroute", "shop/Gateway/edge", "status.conditions"),
    ),
    "route not allowed": (
        {
            "kind": "HTTPRoute", "metadata": {"name": "cart"}, "spec": {},
            "status": {"parents": [{"parentRef": {"name": "edge"}, "conditions": [
                {"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners", "message": "namespace shop may not attach"}]}]},
        },
        ("gateway-misroute", "shop/HTTPRoute/cart", "spec.parentRefs"),
    ),
    "webhook without service": (
        {
            "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "guard", "namespace": ""},
            "webhooks": [{"name": "g.example.com", "clientConfig": {"service": {"name": "guard", "namespace": "shop"}}}],
        },
        ("webhook-unavailable", "/ValidatingWebhookConfiguration/guard", "webhooks[0]"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_keeps_a_way_in_shut_is_named(name: str) -> None:
    """The object and the field, though no pod suffers."""
    obj, expected = CASES[name]
    stage = shop()
    stage.put(obj)
    first = examine(stage.snapshot()).conclude().causes[:1]
    assert [(c.fault, str(c.entity), c.field) for c in first] == [expected]


def test_a_webhook_that_may_fail_is_no_cause() -> None:
    """failurePolicy Ignore lets requests pass."""
    obj: Given = {
        "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "guard", "namespace": ""},
        "webhooks": [{"name": "g", "failurePolicy": "Ignore", "clientConfig": {"service": {"name": "x", "namespace": "shop"}}}],
    }  # fmt: skip
    stage = shop()
    stage.put(obj)
    assert examine(stage.snapshot()).conclude().healthy


def test_hygiene_is_asked_for_by_name() -> None:
    """`--rules hygiene` reports what breaks nothing; without it the same cluster is healthy."""
    stage = shop()
    stage.deployment("agent")
    assert examine(stage.snapshot()).conclude().healthy
    found = examine(stage.snapshot(), (*ANALYZERS, *added(Path("hygiene")))).conclude()
    assert "x-default-service-account" in {c.fault for c in found.causes}


def test_every_rule_of_hygiene_has_examples_of_both_kinds() -> None:
    """The examples are tried when the file is read, and show when the rule holds and when it does not."""
    for rule in read(PACKS / "hygiene.yaml"):
        assert {e.holds for e in rule.examples} == {True, False}


def test_the_pack_is_a_file_of_rules() -> None:
    """It can be copied as a beginning of one's own."""
    assert yaml.safe_load((PACKS / "hygiene.yaml").read_text())["rules"]
