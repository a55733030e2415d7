"""The command line as a person meets it: run as a program, with its exit status and its streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from steersman.interfaces.cli import COMMANDS

from ..diagnose.helpers import crashing, shop


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("STEERSMAN_", "KUBE", "PROMETHEUS", "ALERTMANAGER"))
    }
    kept |= {"HOME": "/nonexistent", **environment}
    return subprocess.run(
        [sys.executable, "-m", "steersman", *arguments],
        capture_output=True,
        text=True,
        env=kept,
        check=False,
        timeout=60,
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A folder with a shop whose cart crashes."""
    stage = shop()
    pod = stage.deployment("cart", replicas=1, ready=0, state=crashing())[0]
    folder = tmp_path / "bundle"
    folder.mkdir()
    items = [{**obj, "kind": kind} for kind, obj in stage.objects]
    (folder / "all.json").write_bytes(orjson.dumps({"kind": "List", "items": items}))
    log = folder / "logs" / "shop" / pod["metadata"]["name"]
    log.mkdir(parents=True)
    (log / "cart.previous.log").write_text("2026-03-14T15:09:00Z KeyError: 'DATABASE_URL'\n")
    return folder


def test_help_names_every_command_and_loads_no_sdk() -> None:
    """--help is instant because nothing is loaded for it."""
    code = "import sys; from steersman.interfaces.cli import main; main(['--help']); print(sorted(set(sys.modules) & {'pydantic', 'kubernetes', 'requests', 'asyncio', 'yaml'}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.endswith("[]\n")
    assert all(f"  {name}" in out for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    """Each command explains its options."""
    done = run(name, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: steersman {name}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["investigat"], "there is no command 'investigat'"),
        (["investigate", "--colour"], "unrecognized arguments: --colour; see steersman investigate --help"),
        (["investigate", "-n", "a", "-A"], "not allowed with argument"),
        (["investigate", "--output", "xml"], "invalid choice"),
        (["investigate", "--bundle", "/nonexistent/x"], "There is no /nonexistent/x"),
        (["investigate"], "No cluster is configured"),
        (["investigate", "--kubeconfig", "/nonexistent/x"], "There is no kubeconfig /nonexistent/x"),
    ],
)
def test_wrong_usage_is_one_sentence_and_status_1(arguments: list[str], words: str) -> None:
    """Whatever is wrong, it is one line on stderr and no traceback."""
    done = run(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_broken_settings_are_one_sentence(tmp_path: Path) -> None:
    """A settings file that is no TOML, and one with an unknown setting."""
    file = tmp_path / "config.toml"
    for text, words in (("x = ", "is not valid TOML"), ("colour = 1", "'colour'")):
        file.write_text(text)
        done = run("investigate", STEERSMAN_CONFIG=str(file))
        assert done.returncode == 1
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


def test_settings_rise_from_file_to_environment_to_flags(tmp_path: Path, bundle: Path) -> None:
    """A flag beats the environment, which beats the file."""
    file = tmp_path / "config.toml"
    file.write_text('bundle = "/nonexistent/file"\n')
    assert "/nonexistent/file" in run("investigate", STEERSMAN_CONFIG=str(file)).stderr
    assert (
        "/nonexistent/env" in run("investigate", STEERSMAN_CONFIG=str(file), STEERSMAN_BUNDLE="/nonexistent/env").stderr
    )
    assert (
        run(
            "investigate", "--bundle", str(bundle), STEERSMAN_CONFIG=str(file), STEERSMAN_BUNDLE="/nonexistent/env"
        ).returncode
        == 0
    )


def test_text_puts_the_cause_first_and_has_no_colours_in_a_pipe(bundle: Path) -> None:
    """Ten seconds at 3 a.m.: count, cause, what to do, evidence, gaps."""
    done = run("investigate", "--bundle", str(bundle))
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1 root cause")
    assert "DATABASE_URL is not set" in lines[2]
    assert "\033" not in done.stdout
    assert "KeyError: 'DATABASE_URL'" in done.stdout
    assert "Not checked" in done.stdout
    assert done.stderr == ""


def test_json_is_one_document_of_the_published_schema(bundle: Path) -> None:
    """The contract's fields are all there, and every citation resolves."""
    done = run("investigate", "why does cart crash?", "--bundle", str(bundle), "--output", "json", "--fail-on-findings")
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert document["schema"] == "steersman.investigation/v1"
    assert document["question"] == "why does cart crash?"
    assert (document["healthy"], document["model"]) == (False, None)
    cause = document["causes"][0]
    assert (cause["rank"], cause["fault"], cause["entity"]) == (1, "env-missing", "shop/Deployment/cart")
    assert {
        "field",
        "observed",
        "expected",
        "confidence",
        "summary",
        "explains",
        "written_by",
        "cites",
        "ruled_out",
    } <= cause.keys()
    assert set(cause["cites"]) <= {e["id"] for e in document["evidence"]}
    assert {"id", "tool", "call", "observed_at", "text"} <= document["evidence"][0].keys()
    assert document["seconds"].keys() == {"gather", "diagnose"}


def test_jsonl_is_the_event_stream(bundle: Path) -> None:
    """Each line is one entry of the session."""
    lines = [
        json.loads(line)
        for line in run("investigate", "--bundle", str(bundle), "--output", "jsonl").stdout.splitlines()
    ]
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[-1]["event"] == {"kind": "closed", "outcome": "answered", "text": ""}


def test_markdown_is_for_tickets(bundle: Path) -> None:
    """A heading for the cause and fences around evidence."""
    text = run("investigate", "--bundle", str(bundle), "--output", "markdown").stdout
    assert text.startswith("# 1 root cause\n")
    assert "```\n" in text


def test_doctor_says_how_to_mend(bundle: Path) -> None:
    """Each gap comes with a line; nothing reachable is status 1."""
    done = run("doctor", "--bundle", str(bundle))
    assert done.returncode == 0
    assert "PROMETHEUS_URL" in done.stdout
    nothing = run("doctor")
    assert nothing.returncode == 1
    assert "steersman demo" in nothing.stdout


def test_a_closed_pipe_is_no_error(bundle: Path) -> None:
    """`| head` ends the program quietly."""
    command = f"{sys.executable} -m steersman investigate --bundle {bundle} --output json | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
