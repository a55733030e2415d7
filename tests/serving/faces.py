"""One incident driven from each face, from the question to the verified repair; each gives back the session's log."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import httpx2
import openai
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from ..world.process import environment
from .process import Served

Log: TypeAlias = list[dict[str, Any]]
SPACE = "books"


def by_command_line(kubeconfig: str, data: Path, namespace: str = SPACE) -> Log:
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

    asked = run("heal", "-n", namespace, "--kubeconfig", kubeconfig)
    found = re.search(r"steersman approve (\S+)", asked.stderr)
    assert found, asked.stderr + asked.stdout
    done = run("approve", found[1], "--kubeconfig", kubeconfig)
    assert done.returncode == 0, done.stderr + done.stdout
    return [json.loads(line) for line in run("show", found[1], "--output", "jsonl").stdout.splitlines()]


def by_api(served: Served, namespace: str = SPACE) -> Log:
    session = served.healing(namespace=namespace)
    digest = served.ask("GET", f"/v1/sessions/{session}").json()["waits_for"]
    assert served.ask("POST", f"/v1/sessions/{session}/approve", "approver", json={"digest": digest}).status_code == 202
    return _log(served, session)


def by_page(served: Served, namespace: str = SPACE) -> Log:
    """Forms only, as a browser without JavaScript sends them."""
    with httpx.Client(base_url=served.url, follow_redirects=True, timeout=60) as browser:
        first = browser.post("/page/login", data={"token": served.tokens["approver"]}).text
        csrf = first.split('name="csrf" value="')[1].split('"')[0]
        page = browser.post("/page/sessions", data={"csrf": csrf, "namespace": namespace, "wants": "healing"})
        session = page.url.path.removeprefix("/sessions/")
        served.until(session, "waiting")
        digest = browser.get(f"/sessions/{session}").text.split('name="digest" value="')[1].split('"')[0]
        assert (
            browser.post(f"/page/sessions/{session}/approve", data={"csrf": csrf, "digest": digest}).status_code == 200
        )
    return _log(served, session)


def by_chat(served: Served, namespace: str = SPACE) -> Log:
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.tokens["approver"], max_retries=0) as client:

        def say(text: str) -> str:
            answer = client.chat.completions.create(model="steersman", messages=[{"role": "user", "content": text}])
            return answer.choices[0].message.content or ""

        said = say(f"heal {namespace}")
        session, digest = said.split("Session [")[1].split("]")[0], said.split("`approve ")[1].split("`")[0]
        assert "**Healed**" in say(f"approve {digest}")
    return _log(served, session)


async def by_mcp(served: Served, namespace: str = SPACE) -> Log:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {served.tokens['robot']}"}, timeout=60) as http,
        Client(streamable_http_client(f"{served.url}/mcp", http_client=http)) as client,
    ):
        found = (await client.call_tool("propose_plan", {"namespace": namespace})).structured_content
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


FACES: dict[str, Callable[[Served], Log]] = {"api": by_api, "page": by_page, "chat": by_chat}
