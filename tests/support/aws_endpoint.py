"""An address at which AWS answers as a test says: CloudFormation with one stack, Lambda with one function."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

_STACK = """<DescribeStacksResponse><DescribeStacksResult><Stacks><member>
<StackName>KeyWatch</StackName><StackStatus>{status}</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>
<Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""
_OUTPUT = (
    "<member><OutputKey>FunctionName</OutputKey><OutputValue>KeyWatch-fn</OutputValue></member>"
)
_ERROR = "<ErrorResponse><Error><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"


@dataclass
class Endpoint:
    """What AWS answers. ``refused`` maps an operation to the error code that it is answered with."""

    address: str = ""
    answer: Callable[[dict[str, Any]], object] = lambda _request: {}
    refused: dict[str, str] = field(default_factory=dict)
    stacks: tuple[str, ...] = ("KeyWatch",)
    status: str = "CREATE_COMPLETE"
    failed: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of somebody whose AWS this is."""
        made = {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "eu-west-1",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        } | more
        return {name: value for name, value in made.items() if value}


@contextmanager
def aws_endpoint() -> Iterator[Endpoint]:
    """Serve until the end of the block."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            endpoint.regions.append(self.headers["Authorization"].split("/")[2])
            code, headers, answer = (_invoke if "invocations" in self.path else _describe)(
                endpoint, body
            )
            self.send_response(code)
            for name, value in (headers | {"Content-Length": str(len(answer))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()


def _describe(endpoint: Endpoint, body: str) -> tuple[int, dict[str, str], bytes]:
    name = parse_qs(body)["StackName"][0]
    if code := endpoint.refused.get("DescribeStacks"):
        return 400, {}, _ERROR.format(code, f"AWS says {code}").encode()
    if name not in endpoint.stacks:
        return (
            400,
            {},
            _ERROR.format("ValidationError", f"Stack with id {name} does not exist").encode(),
        )
    outputs = (
        _OUTPUT
        if endpoint.status.endswith("_COMPLETE") and "ROLLBACK" not in endpoint.status
        else ""
    )
    return 200, {}, _STACK.format(status=endpoint.status, outputs=outputs).encode()


def _invoke(endpoint: Endpoint, body: str) -> tuple[int, dict[str, str], bytes]:
    if code := endpoint.refused.get("Invoke"):
        return 400, {"x-amzn-errortype": code}, json.dumps({"message": f"AWS says {code}"}).encode()
    request = json.loads(body)
    endpoint.asked.append(request)
    failed = {"X-Amz-Function-Error": "Unhandled"} if endpoint.failed else {}
    return 200, failed, json.dumps(endpoint.answer(request)).encode()
