"""The offline interpreter: what it understands it understands exactly, and a change is never a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.intent import Intent, Names, NotUnderstood, interpret
from steersman_tools.types import Ref

NAMES = Names(
    Ref.parse(text)
    for text in [
        "shop/Deployment/cart",
        "shop/Service/cart",
        "shop/Deployment/checkout",
        "shop/Service/checkout",
        "shop/Pod/cart-7d9f8-abcde",
        "staging/Deployment/web",
        "prod/Deployment/web",
        "/Node/worker-1",
        "/Node/gpu-node-2",
        "ml/StatefulSet/trainer",
        "shop/StatefulSet/orders-db",
        "shop/Ingress/shop",
    ]
)
CART, CHECKOUT = "shop/Deployment/cart", "shop/Deployment/checkout"

UNDERSTOOD = [
    ("why is checkout slow since noon?", "diagnose", {"entity": CHECKOUT}),
    ("what is wrong in shop", "diagnose", {"namespace": "shop", "entity": None}),
    ("is everything ok?", "diagnose", {}),
    ("cart keeps restarting", "diagnose", {"entity": CART}),
    ("why was cart restarted", "diagnose", {"entity": CART}),
    ("should I restart cart?", "diagnose", {"entity": CART}),
    ("cart 为什么这么慢", "diagnose", {"entity": CART}),
    ("cart 一直重启", "diagnose", {"entity": CART}),
    ("排查一下 shop 命名空间", "diagnose", {"namespace": "shop"}),
    ("list pods in shop", "list", {"kind": "Pod", "namespace": "shop"}),
    ("列出 shop 里的 pod", "list", {"kind": "Pod", "namespace": "shop"}),
    ("how are the nodes", "list", {"kind": "Node"}),
    ("show unhealthy pods", "list", {"kind": "Pod", "only_troubled": True}),
    ("get nodes", "list", {"kind": "Node"}),
    ("列出所有节点", "list", {"kind": "Node"}),
    ("describe worker-1", "describe", {"entity": "/Node/worker-1"}),
    ("status of checkout", "describe", {"entity": CHECKOUT}),
    ("logs of cart", "logs", {"entity": CART}),
    ("查看 cart 的日志", "logs", {"entity": CART}),
    ("previous logs of cart-7d9f8-abcde", "logs", {"entity": "shop/Pod/cart-7d9f8-abcde", "previous": True}),
    ("which GPU nodes will run out of memory tonight?", "forecast", {"what": "memory", "gpu_nodes": True, "hours": 12.0}),
    ("预测磁盘什么时候用完", "forecast", {"what": "disk"}),
    ("which GPUs are idle", "gpu", {"about": "idle"}),
    ("哪些显卡空闲", "gpu", {"about": "free"}),
    ("which quantum backend has the shortest queue", "quantum", {"about": "queue"}),
    ("量子后端排队情况", "quantum", {"about": "queue"}),
    ("runbook for oom-killed", "runbook", {"words": "oom-killed"}),
    ("how do I roll back cart", "runbook", {"words": "roll back cart"}),
    ("help", "help", {}),
    ("scale cart to 5", "scale", {"target": CART, "to": 5}),
    ("please add two replicas to cart", "scale", {"target": CART, "by": 2}),
    ("reduce cart by 1", "scale", {"target": CART, "by": -1}),
    ("double cart", "scale", {"target": CART, "factor": 2.0}),
    ("scale web in prod to 3", "scale", {"target": "prod/Deployment/web", "to": 3}),
    ("把 cart 扩容到 5 个副本", "scale", {"target": CART, "to": 5}),
    ("给 cart 加两个副本", "scale", {"target": CART, "by": 2}),
    ("give the trainer two more A100s if that breaks nobody", "scale", {"target": "ml/StatefulSet/trainer", "by": 2, "unit": "gpus"}),
    ("roll back checkout to revision 3", "rollback", {"target": CHECKOUT, "revision": 3}),
    ("回滚 checkout", "rollback", {"target": CHECKOUT, "revision": None}),
    ("restart shop/Deployment/cart", "restart", {"target": CART}),
    ("重启 cart", "restart", {"target": CART}),
    ("cordon worker-1", "cordon", {"target": "/Node/worker-1"}),
    ("恢复调度 worker-1", "uncordon", {"target": "/Node/worker-1"}),
    ("排空 worker-1", "drain", {"target": "/Node/worker-1"}),
    ("fix checkout", "heal", {"entity": CHECKOUT}),
    ("move my VQE job to the shortest queue", "move-job", {"job": "vqe", "to": ""}),
    ("把任务 vqe-7 移到最短的队列", "move-job", {"job": "vqe-7"}),
]  # fmt: skip

DOUBTED = [
    ("scale web to 3", "say which"),
    ("scale up cart", "how many"),
    ("scale cart by 2", "up or down"),
    ("drain cart", "Node only"),
    ("restart chekout", "is checkout meant"),
    ("delete cart", "deleting is not done"),
    ("don't restart cart", "what not to do"),
    ("不要重启 cart", "what not to do"),
    ("restart cart except on worker-1", "what not to do"),
    ("restart cart on worker-1", "not what is meant by: worker-1"),
    ("scale cart to 5 and restart checkout", "several changes"),
    ("restart cart and then tell bob", "tell, bob"),
    ("restart orders-db at midnight", "midnight"),
    ("fix cart but leave trainer alone", "trainer"),
    ("move job c123 to ibm_fez before noon", "which backend"),
    ("what's the weather", "weather"),
    ("hello", "nothing"),
    ("x" * 700, "longer than"),
]


@pytest.mark.parametrize(("text", "intent", "fields"), UNDERSTOOD, ids=[t for t, *_ in UNDERSTOOD])
def test_common_requests_are_understood(text: str, intent: str, fields: dict[str, object]) -> None:
    """Each common request, in English and Chinese, is the intent that a person means, with its arguments."""
    found = interpret(text, NAMES)
    assert found.intent == intent, found
    for name, value in fields.items():
        got = getattr(found, name)
        assert (str(got) if isinstance(got, Ref) else got) == value, name


@pytest.mark.parametrize(("text", "why"), DOUBTED, ids=[t[:40] for t, _ in DOUBTED])
def test_doubts_are_said(text: str, why: str) -> None:
    """What is not clear is named in one sentence, with requests that would be understood."""
    found = interpret(text, NAMES)
    assert isinstance(found, NotUnderstood)
    assert why in found.why
    assert found.nearest or len(text) > 600


def test_a_read_says_what_it_passed_over() -> None:
    """A word that made no difference to a question is named, for it may have been meant."""
    found = interpret("describe cart blatantly", NAMES)
    assert not isinstance(found, NotUnderstood)
    assert found.unread == ("blatantly",)


CHANGES = ("scale", "rollback", "restart", "cordon", "uncordon", "drain", "heal", "move-job")


@given(st.lists(st.sampled_from(["why", "not", "should i", "don't", "为什么", "how do i", "what if"]), min_size=1, max_size=2),
       st.sampled_from(["restart cart", "scale cart to 0", "drain worker-1", "回滚 cart"]))  # fmt: skip
def test_no_question_and_no_prohibition_is_a_command(before: list[str], order: str) -> None:
    """Whatever makes a question or a prohibition of an order keeps it from being one."""
    assert interpret(f"{' '.join(before)} {order}", NAMES).intent not in CHANGES


@given(st.text(max_size=80))
def test_anything_can_be_said(text: str) -> None:
    """No text makes the interpreter fail, and text that names nothing changes nothing."""
    found: Intent | NotUnderstood = interpret(text, NAMES)
    assert found.intent not in ("scale", "rollback", "restart", "cordon", "uncordon", "drain") or "cart" in text.lower()


@pytest.mark.parametrize("text", ["list pods in books", "列出 books 里的 pod"])
def test_a_namespace_is_meant_where_the_words_say_inside(text: str) -> None:
    """What else bears the namespace's name does not count beside `in`, in both languages."""
    found = interpret(text, Names([Ref("books", "Ingress", "books"), Ref("books", "Pod", "cart-1")]))
    assert (found.intent, getattr(found, "namespace", None)) == ("list", "books")
