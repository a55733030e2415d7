"""One incident driven from each face, from the question to the verified repair; each gives back the session's log."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import httpx2
import openai
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from steersman.interfaces.access import Principal
from steersman.interfaces.talk.house import House, house
from steersman.interfaces.talk.rooms import cluster
from steersman.interfaces.tui.app import Chat
from steersman.settings import Settings

from ..conversing.screens import until as until_shown
from ..conversing.test_slack import PEOPLE, listening, until
from ..world.process import Place, environment
from .process import Served, serving

Log: TypeAlias = list[dict[str, Any]]
Face: TypeAlias = Callable[[Place, Path], Coroutine[Any, Any, Log]]


async def by_command_line(world: Place, data: Path) -> Log:
    """`heal` where nobody is at the terminal, then `approve`, then `show`."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "steersman", *arguments, "--data", str(data)]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
            timeout=300,
            stdin=subprocess.DEVNULL,
        )

    asked = await asyncio.to_thread(run, "heal", "-n", world.space, "--kubeconfig", world.kubeconfig)
    found = re.search(r"steersman approve (\S+)", asked.stderr)
    assert found, asked.stderr + asked.stdout
    done = await asyncio.to_thread(run, "approve", found[1], "--kubeconfig", world.kubeconfig)
    assert done.returncode == 0, done.stderr + done.stdout
    return [json.loads(line) for line in run("show", found[1], "--output", "jsonl").stdout.splitlines()]


def by_api(served: Served) -> Log:
    session = served.healing(namespace=served.world.space)
    digest = served.ask("GET", f"/v1/sessions/{session}").json()["waits_for"]
    assert served.ask("POST", f"/v1/sessions/{session}/approve", "approver", json={"digest": digest}).status_code == 202
    return _log(served, session)


def by_page(served: Served) -> Log:
    """Forms only, as a browser without JavaScript sends them."""
    with httpx.Client(base_url=served.url, follow_redirects=True, timeout=60) as browser:
        first = browser.post("/page/login", data={"token": served.tokens["approver"]}).text
        csrf = first.split('name="csrf" value="')[1].split('"')[0]
        page = browser.post("/page/sessions", data={"csrf": csrf, "namespace": served.world.space, "wants": "healing"})
        session = page.url.path.removeprefix("/sessions/")
        served.until(session, "waiting")
        digest = browser.get(f"/sessions/{session}").text.split('name="digest" value="')[1].split('"')[0]
        assert (
            browser.post(f"/page/sessions/{session}/approve", data={"csrf": csrf, "digest": digest}).status_code == 200
        )
    return _log(served, session)


def by_chat(served: Served) -> Log:
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.tokens["approver"], max_retries=0) as client:

        def say(text: str) -> str:
            answer = client.chat.completions.create(model="steersman", messages=[{"role": "user", "content": text}])
            return answer.choices[0].message.content or ""

        said = say(f"heal {served.world.space}")
        session, digest = said.split("Session [")[1].split("]")[0], said.split("`approve ")[1].split("`")[0]
        assert "**Healed**" in say(f"approve {digest}")
    return _log(served, session)


async def by_mcp(served: Served) -> Log:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {served.tokens['robot']}"}, timeout=60) as http,
        Client(streamable_http_client(f"{served.url}/mcp", http_client=http)) as client,
    ):
        found = (await client.call_tool("propose_plan", {"namespace": served.world.space})).structured_content
        assert found
        word = {"digest": found["digest"]}
        code = served.ask("POST", f"/v1/sessions/{found['session']}/approval-code", "approver", json=word).json()[
            "code"
        ]
        assert not (await client.call_tool("approve", {"session": found["session"], "code": code, **word})).is_error
    return _log(served, found["session"])


def _log(served: Served, session: str) -> Log:
    assert served.until(session, "closed")["outcome"] == "healed"
    log: Log = served.ask("GET", f"/v1/sessions/{session}/entries").json()
    return log


async def by_terminal(world: Place, data: Path) -> Log:
    """The terminal UI, by keys."""
    with _house(world, data) as opened:
        app = Chat(opened, Principal(id="ann", role="approver", holder="person"))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press(*"heal", "space", *world.space, "enter")
            await until_shown(pilot, lambda: app.session and opened.waiting_for(app.session))
            await until_shown(pilot, lambda: app.entries and app.entries[-1].event.kind == "verdict")
            await pilot.press("f8")
            await until_shown(pilot, lambda: app.screen.query("#question"))
            await pilot.press("y")
            await until_shown(pilot, lambda: app.entries and app.entries[-1].event.kind == "closed")
            return _record(opened, app.session)


async def by_slack(world: Place, data: Path) -> Log:
    """A mention, and the button of somebody who may."""
    with _house(world, data) as opened:
        async with listening(opened, data, PEOPLE) as (slack, _):
            await slack.mention("U1", "C1", f"heal {world.space}")
            await until(lambda: slack.messages and "Approve" in slack.texts())
            await slack.press("U3", slack.messages[0], "approve")
            await until(lambda: ": healed" in slack.messages[0].body["text"])
            return _record(opened, opened.journal.sessions(1)[0].session)


def _alone(drive: Face) -> Face:
    """A face with sessions of its own, in a process of its own: as people start it, and as DBOS, one a process, wants it."""

    async def driven(world: Place, data: Path) -> Log:
        command = [
            sys.executable,
            "-m",
            "tests.serving.faces",
            drive.__name__,
            world.kubeconfig,
            world.space,
            str(data),
        ]
        process = await asyncio.create_subprocess_exec(
            *command, env=environment(), cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out, problem = await process.communicate()
        assert process.returncode == 0, problem.decode()[-2000:]
        log: Log = json.loads(out.splitlines()[-1])
        return log

    return driven


def _house(world: Place, data: Path) -> AbstractContextManager[House]:
    data.mkdir()
    return house(partial(cluster, Settings(kubeconfig=Path(world.kubeconfig), data=data), "face"))


def _record(opened: House, session: str) -> Log:
    return [json.loads(body) for _, _, body in opened.journal.bodies(session)]


def _served(drive: Callable[[Served], Log]) -> Face:
    """A face of the server, on a server of its own."""

    async def driven(world: Place, data: Path) -> Log:
        with serving(world, data) as served:
            return await asyncio.to_thread(drive, served)

    return driven


async def _assistant(world: Place, data: Path) -> Log:
    with serving(world, data) as served:
        return await by_mcp(served)


FACES: dict[str, Face] = {
    "command line": by_command_line,
    "api": _served(by_api),
    "page": _served(by_page),
    "chat": _served(by_chat),
    "mcp": _assistant,
    "terminal": _alone(by_terminal),
    "slack": _alone(by_slack),
}
"""Each with the world and an empty folder for its record, so that none remembers what another did."""

if __name__ == "__main__":
    name, kubeconfig, space, folder = sys.argv[1:]
    drive: Face = {"by_terminal": by_terminal, "by_slack": by_slack}[name]
    sys.stdout.write(json.dumps(asyncio.run(drive(Place(kubeconfig, space), Path(folder)))))
