"""The twin behind a socket: what the real clients are pointed at. Fault scripts lose answers and requests here."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlparse

from pydantic import JsonValue

from .routes import PREFIX, Answer, Question, Routes
from .state import Trouble, Twin


@contextmanager
def serving(twin: Twin, port: int = 0) -> Iterator[str]:
    """The address, such as http://127.0.0.1:41234, while the block runs; the API is below `/api/v1`."""

    class Handler(_Handler):
        account, routes = twin, Routes(twin)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer is one packet, not two with a pause between them
    account: ClassVar[Twin]
    routes: ClassVar[Routes]

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def _serve(self) -> None:
        url = urlparse(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Question(
            self.command, url.path, parse_qs(url.query), _parsed(raw), bool(self.headers.get("Authorization"))
        )
        with self.account.lock:
            self.account.requests.append((asked.method, url.path))
            trouble = self._trouble(asked)
        if trouble and trouble.does == "never arrives":
            self.close_connection = True
            return
        if trouble and trouble.does == "status":
            self._send(Answer(trouble.status, {"errors": [{"code": 1006, "message": "scripted"}]}))
            return
        answer = self.routes.answer(asked)
        if trouble:
            self.close_connection = True
            return
        self._send(answer)

    def _trouble(self, asked: Question) -> Trouble | None:
        path = asked.path.removeprefix(PREFIX)
        found = next((t for t in self.account.troubles if t.meets(asked.method, path)), None)
        if found:
            found.times -= 1
        return found

    def _send(self, answer: Answer) -> None:
        empty = answer.body is None and answer.text is None
        text = "" if empty else answer.text if answer.text is not None else json.dumps(answer.body)
        body = (text or "").encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve


def _parsed(raw: bytes) -> dict[str, JsonValue]:
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:  # a form, as for the token
        body = {}
    return body if isinstance(body, dict) else {}
