"""The page in a real Chromium: found, read, approved, undone; without JavaScript too. Its pictures are those of the docs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from steersman.interfaces.page.graph import draw
from steersman.types import Cause, Diagnosis
from steersman_tools.types import Ref

from .process import Served, breaks

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PICTURES = os.environ.get("STEERSMAN_PICTURES", "")
"""A folder: pictures are written there (docs/page.md says how)."""
chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def sign_in(page: Page, served: Served, who: str) -> None:
    page.goto(served.url)
    page.get_by_label("Token").fill(served.tokens[who])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Incidents")).to_be_visible()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@chromium
def test_an_incident_from_the_question_to_the_undo(browser: Browser, served: Served) -> None:
    """Asked, read with its causes, graph, evidence and diff, approved by button, watched live, undone; the console stays empty."""
    breaks(served)
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    sign_in(page, served, "approver")
    page.get_by_label("Question").fill("why do payments fail?")
    page.get_by_label("Namespace").fill("books")
    page.get_by_role("button", name="Investigate and plan").click()
    expect(page.get_by_role("button", name="Approve")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("img", name="What is wrong")).to_be_visible()
    assert page.locator(".box.cause").count() >= 1
    expect(page.get_by_text("kubectl get services payment -n books -o yaml")).to_be_visible()
    expect(page.locator(".diff .minus")).to_contain_text("9090")
    expect(page.locator(".diff .plus")).to_contain_text("8080")
    picture(page, "page-plan")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".title .tag")).to_have_text("healed", timeout=120_000)
    picture(page, "page-healed")
    page.get_by_role("button", name="Undo what it did").click()
    expect(page.locator(".title .tag")).to_have_text("undone", timeout=60_000)
    page.goto(served.url)
    picture(page, "page-incidents")
    assert said == []
    page.close()


@chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_reads_without_javascript(browser: Browser, served: Served, scheme: Literal["light", "dark"]) -> None:
    """Nothing of the reading needs a script, nothing comes from another host, and a narrow screen has no sideways scrolling."""
    session = served.ask("POST", "/v1/sessions", "operator", json={"question": "without scripts"}).json()["session"]
    served.until(session, "closed")
    context = browser.new_context(
        java_script_enabled=False, color_scheme=scheme, viewport={"width": 390, "height": 800}
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, served, "viewer")
    expect(page.get_by_role("button", name="Investigate")).to_have_count(0)
    page.get_by_role("link", name="without scripts").first.click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(url.startswith(served.url) for url in asked)
    picture(page, f"page-narrow-{scheme}")
    context.close()


def cause(rank: int, entity: str, explains: list[str], path: list[str]) -> Cause:
    return Cause(
        rank=rank, fault="env-missing", entity=Ref.parse(entity), observed="", expected="", confidence=1, summary="s",
        explains=tuple(map(Ref.parse, explains)), path=tuple(map(Ref.parse, path)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("causes", "boxes", "arrows"),
    [
        ([], 0, 0),
        ([cause(1, "a/Deployment/x", [], [])], 1, 0),
        ([cause(1, "a/Deployment/x", ["a/Service/s"], ["a/Deployment/x", "a/Service/s"])], 2, 1),
        ([cause(1, "a/Deployment/x", ["a/D/y", "a/D/z"], ["a/Deployment/x", "a/Service/s", "a/D/y"])], 4, 3),
        ([cause(1, "a/D/x", ["a/D/y"], []), cause(2, "a/D/y", ["a/D/x"], [])], 2, 2),
        (
            [
                cause(1, "a/D/x", [f"a/D/y{n}" for n in range(30)], []),
                cause(2, "a/D/u", [f"a/D/v{n}" for n in range(30)], []),
            ],
            31,
            30,
        ),
    ],
)
def test_the_graph_has_every_thing_once(causes: list[Cause], boxes: int, arrows: int) -> None:
    """Each thing is one box, no two boxes overlap, a circle ends, and what there is no room for is counted."""
    drawing = draw(Diagnosis(causes=tuple(causes)))
    assert (len(drawing.boxes), len(drawing.arrows)) == (boxes, arrows)
    assert len({(b.x, b.y) for b in drawing.boxes}) == boxes
    assert all(b.x + 190 <= drawing.width and b.y + 46 <= drawing.height for b in drawing.boxes)
    assert drawing.left_out == (1 if boxes == 31 else 0)
