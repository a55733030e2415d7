"""The placement policy: never more than a node has, the same answer fast and slow, and less lost than by the simple rules."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.gpu.placement.board import Board
from steersman.gpu.placement.fleet import WHOLE, Fleet, Request, Room
from steersman.gpu.placement.fragmentation import Workload, fragmentation
from steersman.gpu.placement.policy import LeastLoss
from steersman_evals.gpu.baselines import BestFit, Fgd
from steersman_evals.gpu.submit import order, submit
from steersman_evals.gpu.trace import Trace

whole = st.builds(Request, cpu=st.integers(0, 8000), count=st.sampled_from([1, 2, 4]))
shared = st.builds(Request, cpu=st.integers(0, 4000), count=st.just(1), share=st.sampled_from([100, 250, 500]))
requests = st.lists(whole | shared | st.builds(Request, cpu=st.integers(0, 9000)), min_size=1, max_size=25)


def fleet(nodes: int = 4) -> Fleet:
    return Fleet.of([Room(node=f"n{n}", cpu=16_000, memory=64_000, gpus=(WHOLE,) * (n % 3 * 2)) for n in range(nodes)])


def policy(asked: list[Request], on: Fleet) -> LeastLoss:
    return LeastLoss(asked, on, on.cpu.copy(), on.gpus.sum(axis=1))


@given(requests)
@settings(max_examples=40, deadline=None)
def test_nothing_is_given_twice(asked: list[Request]) -> None:
    """Whatever comes in whatever order: no resource falls below nothing, and a refusal means that it fits nowhere."""
    on = fleet()
    board = Board(on, policy(asked, on))
    for request in asked:
        placed = board.place(request)
        assert min(on.cpu.min(), on.memory.min(), on.gpus.min()) >= 0
        if placed is None:
            assert not on.fits(request, np.arange(len(on.names))).any()


@given(requests)
@settings(max_examples=25, deadline=None)
def test_remembered_scores_are_fresh_scores(asked: list[Request]) -> None:
    """The board keeps scores between placements; a board made anew each time gives the same places."""
    kept_on, fresh_on = fleet(), fleet()
    kept, judge = Board(kept_on, policy(asked, kept_on)), policy(asked, fresh_on)
    for request in asked:
        one, other = kept.place(request), Board(fresh_on, judge).place(request)
        assert (one and (one.node, one.gpus)) == (other and (other.node, other.gpus))


@given(st.lists(st.integers(0, WHOLE), min_size=1, max_size=8), st.integers(0, 16_000), requests)
@settings(max_examples=60, deadline=None)
def test_fragments_are_part_of_what_is_free(gpus: list[int], cpu: int, asked: list[Request]) -> None:
    """A node's expected fragment is never negative, and never more than is free there."""
    found = fragmentation(Workload(asked), np.array([cpu]), np.array([gpus]))[0]
    assert -1e-6 <= found <= sum(gpus) + 1e-6


def test_more_is_allocated_than_by_the_simple_rules() -> None:
    """On a made-up mixture of whole and shared GPUs, at 130 % load: at least FGD's rate, and more than best-fit's, over ten orders."""
    rng = np.random.default_rng(7)
    shares = rng.choice(
        [200, 300, 500, 700, WHOLE, 2 * WHOLE, 4 * WHOLE], size=800, p=[0.2, 0.1, 0.15, 0.1, 0.3, 0.1, 0.05]
    )
    pods = [
        Request(cpu=int(rng.integers(1, 9)) * 1000, memory=1000, count=max(1, int(s) // WHOLE), share=min(int(s), WHOLE)) for s in shares
    ]  # fmt: skip
    rooms = tuple(Room(node=f"n{n}", cpu=64_000, memory=512_000, gpus=(WHOLE,) * 8) for n in range(24))
    trace = Trace("made-up", rooms, tuple(pods))
    rates: dict[str, list[float]] = {}
    for seed in range(10):
        asked = order(trace, seed)
        on = Fleet.of(rooms)
        for name, rule in (("ours", policy(pods, on)), ("fgd", Fgd(Workload(pods))), ("best-fit", BestFit())):
            rates.setdefault(name, []).append(submit(trace, rule, asked, None).allocated)
    mean = {name: float(np.mean(found)) for name, found in rates.items()}
    assert mean["ours"] >= mean["fgd"] - 0.002
    assert mean["ours"] > mean["best-fit"]
