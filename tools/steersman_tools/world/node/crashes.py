"""The last words of applications."""

from __future__ import annotations

from .app import App


def report(app: App, go: str, python: str) -> list[str]:
    """A crash report in the application's language."""
    if app.style == "python":
        return ["Traceback (most recent call last):", '  File "/srv/service/main.py", line 42, in <module>', "    serve()",
                '  File "/srv/service/main.py", line 17, in serve', "    settings = read_settings()", python]  # fmt: skip
    return [
        f'level=fatal msg="{go}"',
        f"panic: {go}",
        "",
        "goroutine 1 [running]:",
        "main.main()",
        "\t/src/cmd/service/main.go:31 +0x2f",
    ]
