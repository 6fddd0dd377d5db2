"""A stand-in for the KMS endpoint on the loopback interface: answers each call with the error that was set before it.

The body is KMS's JSON 1.1 error body (``__type`` and, where KMS sends one, ``message``), the request id stands in the
header ``x-amzn-RequestId``, and every attempt of a call gets a request id of its own, as in AWS. Programs reach it as a proxy, so
that what they log names the real endpoint. ``POST /next`` sets the answer from outside the process.
"""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SPACE = uuid.UUID("6f1d2a70-0000-4000-8000-000000000012")


class Answer:
    """What the next requests are answered, and the request ids that were given out for it."""

    def __init__(self) -> None:
        self.set({"status": 200, "body": {}, "name": "none"})

    def set(self, answer: dict) -> None:
        self.status, self.body, self.name = answer["status"], answer["body"], answer["name"]
        self.request_ids: list[str] = []

    def request_id(self) -> str:
        self.request_ids.append(str(uuid.uuid5(SPACE, f"{self.name}/{len(self.request_ids)}")))
        return self.request_ids[-1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # else each answer waits for the client's delayed acknowledgement
    )
    wbufsize = -1
    answer: Answer

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/next":
            said = {"request_ids": self.answer.request_ids}
            self.answer.set(json.loads(sent))
            return self._reply(200, said, None)
        return self._reply(self.answer.status, self.answer.body, self.answer.request_id())

    def _reply(self, status: int, body: dict, request_id: str | None) -> None:
        data = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        if request_id:
            self.send_header("x-amzn-RequestId", request_id)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Stay silent: what is measured is what the program logs."""


@contextmanager
def serving() -> Iterator[tuple[Answer, int]]:
    """Serve on a free port of the loopback interface; gives the answer to set and the port."""
    answer = Answer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"answer": answer}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield answer, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def error_body(code: str, message: str) -> dict[str, str]:
    """Return KMS's error body; without a message KMS leaves the member out."""
    return {"__type": code, "message": message} if message else {"__type": code}
