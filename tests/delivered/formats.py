"""The grid: KMS's codes in the print formats of SDKs and tools that are not run here, behind log prefixes.

Formats are those of the SDKs' own sources and of public reports (Kotlin prints request ids since 2024,
aws-sdk-kotlin 1248; Java v1 and v2, Go, Ruby and Terraform as their users reported them). A format takes
the code and the message; it returns nothing where neither would stand in it.
"""

# ruff: noqa: E501 - log lines are as long as they are
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.delivered.calls import KEY, OTHER_KEY
from tests.delivered.measure import Truth

REQUEST = "0a25d66d-3b7c-4f0e-9c55-6d1a2b3c4d5e"
Format = Callable[[str, str], str]

# A code, what it means by itself (the best answer first), and whether other services' programs use the word as well.
CODES: dict[str, tuple[tuple[str, ...], bool]] = {
    "KMSInternalException": (("kms_unavailable",), False),
    "KMSInvalidStateException": (("unclassified",), False),
    "KeyUnavailableException": (("kms_unavailable",), False),
    "DependencyTimeoutException": (("kms_unavailable",), False),
    "CustomKeyStoreNotFoundException": (("key_store_not_found",), False),
    "CustomKeyStoreInvalidStateException": (("key_store_disconnected", "unclassified"), False),
    "XksKeyNotFoundException": (("external_key_not_found",), False),
    "XksProxyUriUnreachableException": (("xks_proxy_unreachable",), False),
    "CloudHsmClusterNotActiveException": (("cloudhsm_unavailable",), False),
    "InvalidGrantTokenException": (("grant_not_found",), False),
    "DisabledException": (("key_disabled",), True),
    "InvalidArnException": (("malformed_identifier", "wrong_region", "unclassified"), True),
    "NotFoundException": (("key_not_found", "unclassified", "alias_not_found"), True),
}
# A known sentence that goes with a code: text, cause, name of the key.
SENTENCES: dict[str, tuple[str, str, str | None]] = {
    "NotFoundException": (f"Key '{OTHER_KEY}' does not exist", "key_not_found", OTHER_KEY),
    "DisabledException": (f"{KEY} is disabled.", "key_disabled", KEY),
    "KMSInvalidStateException": (f"{KEY} is pending deletion.", "key_pending_deletion", KEY),
}
UNKNOWN = "the vault says no"


def _camel(code: str) -> str:
    """Return the class that SDKs for Java v2, Kotlin and Rust make of a code."""
    return code.replace("KMS", "Kms", 1) if code.startswith("KMS") else code


def java_v1(code: str, message: str) -> str:
    return (
        f"com.amazonaws.services.kms.model.{code}: {message or 'null'} (Service: AWSKMS; Status Code: 400; Error Code: {code}; "
        f"Request ID: {REQUEST}; Proxy: null)"
    )


def java_v2(code: str, message: str) -> str:
    return (
        f"software.amazon.awssdk.services.kms.model.{_camel(code)}: {message or 'null'} (Service: Kms, Status Code: 400, "
        f"Request ID: {REQUEST})"
    )


def java_v2_attempts(code: str, message: str) -> str:
    return f"{java_v2(code, message)} (SDK Attempt Count: 3)"


def java_completion(code: str, message: str) -> str:
    return f"java.util.concurrent.CompletionException: {java_v2(code, message)}"


def kotlin(code: str, message: str) -> str:
    said = message or "Error type: Server, Protocol response: HTTP/1.1 500 Internal Server Error"
    return f"aws.sdk.kotlin.services.kms.model.{_camel(code)}: {said}, Request ID: {REQUEST}"


def go_v1(code: str, message: str) -> str:
    return f"{code}: {message or 'null'}"


def go_v1_request(code: str, message: str) -> str:
    return f"{code}: {message}\n\tstatus code: 400, request id: {REQUEST}"


def go_v2(code: str, message: str) -> str:
    return (
        f"operation error KMS: Decrypt, https response error StatusCode: 400, RequestID: {REQUEST}, "
        f"{code}: {message or 'UnknownError'}"
    )


def go_v2_api(code: str, message: str) -> str:
    return (
        "operation error KMS: GenerateDataKey, exceeded maximum number of attempts, 3, https response error StatusCode: 500, "
        f"RequestID: {REQUEST}, api error {code}: {message or 'UnknownError'}"
    )


def go_wrapped(code: str, message: str) -> str:
    return f"failed to unwrap tenant key: {go_v2(code, message)}"


def js_v2(code: str, message: str) -> str:
    return (
        f"{code}: {message or 'null'}\n    at Request.extractError (/app/node_modules/aws-sdk/lib/protocol/json.js:80:27) {{\n"
        f"  code: '{code}',\n  time: 2026-11-24T10:00:00.123Z,\n  requestId: '{REQUEST}',\n  statusCode: 400,\n  retryable: false\n}}"
    )


def js_v2_json(code: str, message: str) -> str:
    said = {
        "message": message or None,
        "code": code,
        "time": "2026-11-24T10:00:00.123Z",
        "requestId": REQUEST,
        "statusCode": 400,
    }
    return json.dumps({**said, "retryable": False, "retryDelay": 27.1})


def js_v3_json(code: str, message: str) -> str:
    metadata = {"httpStatusCode": 400, "requestId": REQUEST, "attempts": 1, "totalRetryDelay": 0}
    return json.dumps(
        {
            "name": code,
            "$fault": "client",
            "$metadata": metadata,
            "__type": code,
            "message": message or "UnknownError",
        }
    )


def lambda_node(code: str, message: str) -> str:
    return json.dumps(
        {
            "errorType": code,
            "errorMessage": message,
            "stack": [f"{code}: {message}", "    at throwDefaultError"],
        }
    )


def lambda_python(code: str, message: str) -> str:
    said = f"An error occurred ({code}) when calling the Decrypt operation: {message}"
    return json.dumps(
        {"errorMessage": said, "errorType": code, "requestId": REQUEST, "stackTrace": []}
    )


def boto3(code: str, message: str) -> str:
    return f"botocore.errorfactory.{code}: An error occurred ({code}) when calling the Decrypt operation: {message}"


def boto3_retries(code: str, message: str) -> str:
    return f"An error occurred ({code}) when calling the Encrypt operation (reached max retries: 4): {message}"


def cli_v2(code: str, message: str) -> str:
    return f"aws: [ERROR]: An error occurred ({code}) when calling the DescribeKey operation: {message}"


def ruby_inspect(code: str, message: str) -> str:
    return f"#<Aws::KMS::Errors::{code}: {message or f'Aws::KMS::Errors::{code}'}>"


def ruby_class(code: str, message: str) -> str:
    return f"Aws::KMS::Errors::{code}: {message or f'Aws::KMS::Errors::{code}'}"


def ruby_rails(code: str, message: str) -> str:
    return f"[{REQUEST}] Aws::KMS::Errors::{code} ({message}):"


def ruby_uncaught(code: str, message: str) -> str:
    return f"/gems/aws-sdk-core-3.190.0/lib/seahorse/client/plugins/raise_response_errors.rb:17:in 'call': {message} (Aws::KMS::Errors::{code})"


def ruby_client_log(code: str, message: str) -> str:
    return f'[Aws::KMS::Client 400 0.034 0 retries] decrypt(ciphertext_blob:"…") Aws::KMS::Errors::{code} {message}'


def php(code: str, message: str) -> str:
    body = json.dumps(
        {"__type": code, "message": message} if message else {"__type": code}, separators=(",", ":")
    )
    return (
        'Aws\\Kms\\Exception\\KmsException: Error executing "Decrypt" on "https://kms.eu-west-1.amazonaws.com"; AWS HTTP error: Client '
        f"error: `POST https://kms.eu-west-1.amazonaws.com` resulted in a `400 Bad Request` response: {body} {code} (client): {message} "
        f"- {body}"
    )


def dotnet(code: str, message: str) -> str:
    said = message or f"Exception of type 'Amazon.KeyManagementService.Model.{code}' was thrown."
    return f"Amazon.KeyManagementService.Model.{code}: {said}\n ---> Amazon.Runtime.Internal.HttpErrorResponseException: Exception of type 'Amazon.Runtime.Internal.HttpErrorResponseException' was thrown."


def rust_debug(code: str, message: str) -> str:
    name, said = _camel(code), f'Some("{message}")' if message else "None"
    return (
        f"ServiceError(ServiceError {{ source: {name}({name} {{ message: {said}, meta: ErrorMetadata {{ code: "
        f'Some("{code}"), message: {said}, extras: Some({{"aws_request_id": "{REQUEST}"}}) }} }}), raw: Response {{ status: '
        "StatusCode(400) } })"
    )


def rust_context(code: str, message: str) -> str:
    name, said = _camel(code), f'Some("{message}")' if message else "None"
    tail = f'{name} {{ message: {said}, meta: ErrorMetadata {{ code: Some("{code}"), message: {said} }} }}'
    return f"KMS Decrypt failed: service error: {name}{f': {message}' if message else ''} ({tail})"


def rust_meta(code: str, message: str) -> str:
    said = f'Some("{message}")' if message else "None"
    return f'KMS error: ErrorMetadata {{ code: Some("{code}"), message: {said}, extras: Some({{"aws_request_id": "{REQUEST}"}}) }}'


def cpp_marshaller(code: str, message: str) -> str:
    return f"[WARN] 2026-11-24 10:00:00.123 AWSErrorMarshaller [140231] Encountered AWSError '{code}': {message}"


def cpp_client(code: str, message: str) -> str:
    return (
        "[ERROR] 2026-11-24 10:00:00.123 AWSClient [140231] HTTP response code: 400\nResolved remote host IP address: 52.94.1.1\n"
        f"Request ID: {REQUEST}\nException name: {code}\nError message: {message}\n6 response headers:"
    )


def raw_body(code: str, message: str) -> str:
    body = json.dumps(
        {"__type": code, "message": message} if message else {"__type": code}, separators=(",", ":")
    )
    return f"POST https://kms.eu-west-1.amazonaws.com/ -> 400 {body}"


def raw_target(code: str, message: str) -> str:
    body = json.dumps({"__type": f"com.amazonaws.kms#{code}", "message": message})
    return f"X-Amz-Target: TrentService.Decrypt response: {body}"


def terraform(code: str, message: str) -> str:
    return f"Error: reading KMS Key (alias/orders): {go_v2(code, message)}"


def cloudformation(code: str, message: str) -> str:
    if message in {"", UNKNOWN}:
        return ""  # no code stands in it, so nothing could be known
    return (
        f'Resource handler returned message: "{message} (Service: Kms, Status Code: 400, Request ID: {REQUEST})" '
        "(RequestToken: 7b08be0e-fada-d308-578a-333a227387fd, HandlerErrorCode: GeneralServiceException)"
    )


def own_words(code: str, message: str) -> str:
    return f"decrypt failed for {KEY} with {code}{f': {message}' if message else ''}"


def own_words_kms(code: str, message: str) -> str:
    return f"KMS call failed: {code}{f' - {message}' if message else ''}"


def elixir(code: str, message: str) -> str:
    return f'** (MatchError) no match of right hand side value: {{:error, {{"{code}", "{message}"}}}} while calling ExAws.KMS.decrypt'


# Format, and whether it names KMS: where not, a code that is a common word proves nothing.
FORMATS: dict[str, tuple[Format, bool]] = {
    f.__name__: (f, names_kms)
    for f, names_kms in (
        (java_v1, True),
        (java_v2, True),
        (java_v2_attempts, True),
        (java_completion, True),
        (kotlin, True),
        (go_v1, False),
        (go_v1_request, False),
        (go_v2, True),
        (go_v2_api, True),
        (go_wrapped, True),
        (js_v2, False),
        (js_v2_json, False),
        (js_v3_json, False),
        (lambda_node, False),
        (lambda_python, True),
        (boto3, True),
        (boto3_retries, True),
        (cli_v2, True),
        (ruby_inspect, True),
        (ruby_class, True),
        (ruby_rails, True),
        (ruby_uncaught, True),
        (ruby_client_log, True),
        (php, True),
        (dotnet, True),
        (rust_debug, False),
        (rust_context, True),
        (rust_meta, True),
        (cpp_marshaller, False),
        (cpp_client, False),
        (raw_body, True),
        (raw_target, True),
        (terraform, True),
        (cloudformation, True),
        (own_words, True),
        (own_words_kms, True),
        (elixir, True),
    )
}


def _escaped(template: str) -> Callable[[str], str]:
    return lambda text: template.replace("{}", json.dumps(text)[1:-1])


def _plain(template: str) -> Callable[[str], str]:
    return lambda text: template.replace("{}", text)


PREFIXES: dict[str, Callable[[str], str]] = {
    "none": _plain("{}"),
    "level": _plain("ERROR {}"),
    "bracket": _plain("[ERROR] {}"),
    "lower": _plain("error: {}"),
    "log4j": _plain("2026-11-24 10:00:00,123 ERROR [main] c.e.App - {}"),
    "spring": _plain(
        "2026-11-24T10:00:00.123Z ERROR 1 --- [nio-8080-exec-1] c.e.orders.Vault                        : {}"
    ),
    "log4j_brackets": _plain("[2026-11-24T10:00:00,123][ERROR][c.e.orders.Vault] {}"),
    "logfmt": _escaped('level=error msg="{}"'),
    "logfmt_time": _escaped(
        'time="2026-11-24T10:00:00Z" level=error msg="decrypt failed" error="{}"'
    ),
    "json": _escaped('{"error":"{}"}'),
    "json_msg": _escaped('{"level":"error","ts":1795600000.1,"msg":"decrypt failed","error":"{}"}'),
    "caused_by": _plain("Caused by: {}"),
    "syslog": _plain("Nov 24 10:00:00 ip-10-0-3-17 orders[17]: {}"),
    "zap": _escaped(
        '2026-11-24T10:00:00.123Z\terror\tapp/main.go:42\tdecrypt failed\t{"error": "{}"}'
    ),
    "klog": _plain("E1124 10:00:00.123456       1 main.go:42] decrypt failed: {}"),
    "docker": _escaped('{"log":"{}\\n","stream":"stderr","time":"2026-11-24T10:00:00.123456789Z"}'),
    "lambda": _plain("2026-11-24T10:00:00.123Z\t8f14e45f-ceea-4a7d-9d2b-3c5d8e6f7a80\tERROR\t{}"),
    "python": _plain("ERROR:orders:{}"),
    "serilog": _plain("[10:00:00 ERR] {}"),
    "ruby": _plain("E, [2026-11-24T10:00:00.123456 #17] ERROR -- : {}"),
    "monolog": _plain("[2026-11-24T10:00:00.123456+00:00] orders.ERROR: {}"),
    "panic": _plain("panic: {}"),
    "thread": _plain('Exception in thread "main" {}'),
    "dotnet": _plain("Unhandled exception. {}"),
    "tracing": _plain("2026-11-24T10:00:00.123456Z ERROR orders::vault: {}"),
}


@dataclass(frozen=True, slots=True)
class Print:
    """One printed error of the grid and what is true of it."""

    id: str
    sdk: str
    prefix: str
    text: str
    truth: Truth


def grid(*, every: int = 1) -> Iterator[Print]:
    """Yield one in ``every`` cells of the grid: code, sentence (none, unknown, known), format and prefix."""
    cells = (
        (sdk, code, kind, prefix)
        for sdk in FORMATS
        for code in CODES
        for kind in ("empty", "unknown", "known")
        for prefix in PREFIXES
        if kind != "known" or code in SENTENCES
    )
    for sdk, code, kind, prefix in cells:
        name = f"{sdk}/{code}/{kind}/{prefix}"
        if zlib.crc32(name.encode()) % every == 0 and (
            cell := _cell(name, sdk, code, kind, prefix)
        ):
            yield cell


def _cell(name: str, sdk: str, code: str, kind: str, prefix: str) -> Print | None:
    form, names_kms = FORMATS[sdk]
    causes, common = CODES[code]
    message = {"empty": "", "unknown": UNKNOWN, "known": SENTENCES.get(code, ("",))[0]}[kind]
    if common and not names_kms and kind != "known":
        return None  # a common word without company: whatever is said is a matter of taste
    printed = form(code, message)
    if not printed:
        return None
    named = SENTENCES[code][2] if kind == "known" else KEY if KEY in printed else None
    truth = Truth(
        (SENTENCES[code][1],) if kind == "known" else causes,
        frozenset({named, named.rpartition("/")[2]} if named else {"alias/orders"}),
        named is not None,
        frozenset({REQUEST}),
    )
    return Print(name, sdk, prefix, PREFIXES[prefix](printed), truth)
