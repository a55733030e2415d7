"""What comes, asked as faces ask: of the embedded world, where an hour takes seconds, and of a cluster without metrics."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from steersman.interfaces import foreseen
from steersman.interfaces.style import Style
from steersman.outlook import NoSuchThing, Outlook, outlook
from steersman.outlook.curves import named
from steersman.session import Sources
from steersman_tools.snapshot import Snapshot
from steersman_tools.testing import FakeReader, Stage
from steersman_tools.types import Ref
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.world.world import World

BASKET = "registry.example/books/basket"


@pytest.fixture(scope="module")
def leaking() -> World:
    """The example world, whose basket has leaked for half an hour."""
    world = World.from_file(clock=SimulatedClock())
    world.run_for(1200)
    world.inject({"image": BASKET, "override": {"memory_growth": "2Mi"}})
    world.run_for(1800)
    return world


async def asked(world: World, entity: str = "") -> Outlook:
    empty = FakeReader(Snapshot(taken_at=world.clock.now()))
    return await outlook(Sources(empty, world.metrics), entity=entity, clock=world.clock)


async def test_a_leak_of_the_world_is_told_before_it_kills(leaking: World) -> None:
    """Both pods are named, with a moment more than twenty minutes away, and nothing else is."""
    found = await asked(leaking)

    assert {each.entity.name.rpartition("-")[0].rpartition("-")[0] for each in found.runs_out} == {"basket"}
    assert all(each.at and each.at - found.now > timedelta(minutes=20) for each in found.runs_out)
    assert {each.basis for each in found.runs_out} == {"growth"}
    assert found.watched > 50


async def test_one_thing_is_shown_with_its_curve(leaking: World) -> None:
    """A workload's name means its pods and its requests; the drawing has the limit's unit."""
    found = await asked(leaking, "deployment/basket")
    shown = foreseen.text(found, Style(), 90)

    assert {curve.what for curve in found.curves} >= {"memory", "cpu", "requests"}
    assert all(point.lower <= point.middle <= point.upper for curve in found.curves for point in curve.ahead)
    assert all(words in shown for words in ("MiB", "minutes from now", "reaches its limit at"))


async def test_an_unknown_name_is_one_sentence(leaking: World) -> None:
    """Nothing measured by that name: said, with what to do."""
    with pytest.raises(NoSuchThing, match="shows what is"):
        await asked(leaking, "nothing-of-that-name")


async def test_without_metrics_certificates_are_still_told() -> None:
    """The end of a certificate needs no Prometheus; what does is not checked."""
    stage = Stage()
    now = stage.snapshot().taken_at
    ends = now.replace(microsecond=0) + timedelta(days=5)
    stage.put(
        {"kind": "Secret", "metadata": {"name": "shop-tls", "namespace": "shop"}, "data": {"tls.crt": made(ends)}}
    )
    stage.put(
        {
            "kind": "Secret",
            "metadata": {"name": "far", "namespace": "shop"},
            "data": {"tls.crt": made(now + timedelta(days=90))},
        }
    )

    found = await outlook(Sources(FakeReader(stage.snapshot())), clock=SimulatedClock(now))

    assert [(each.what, each.entity.name, each.at) for each in found.runs_out] == [("certificate", "shop-tls", ends)]
    assert found.watched == 2
    assert found.not_checked[0].what == "everything that is measured"
    assert foreseen.document(found).model_dump(by_alias=True)["schema"] == "steersman.forecast/v1"


@pytest.mark.parametrize(
    ("wanted", "entity", "meant"),
    [
        ("cart", Ref("shop", "Pod", "cart-7d9f-abcde"), True),
        ("deployment/cart", Ref("shop", "Pod", "cart-7d9f8c6b5-abcde"), True),
        ("shop/StatefulSet/db", Ref("shop", "Pod", "db-0"), True),
        ("other/Deployment/cart", Ref("shop", "Pod", "cart-7d9f-abcde"), False),
        ("cart", Ref("shop", "Pod", "cart-db-7d9f-abcde"), False),
        ("node-1", Ref("", "Node", "node-1"), True),
        ("/Node/node-1", Ref("", "Node", "node-1"), True),
        ("pod/cart", Ref("shop", "Pod", "cart-7d9f-abcde"), False),
    ],
)
def test_names_mean_what_people_mean(wanted: str, entity: Ref, meant: object) -> None:
    """A bare name is the thing of that name or the pods of that workload, and no neighbour's."""
    assert named(wanted, entity) is meant


def made(ends: datetime) -> str:
    """A certificate as a Secret holds it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example")])
    begins = ends - timedelta(days=365)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begins, ends)
    return base64.b64encode(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)).decode()
