"""Ordinary log lines: what a watched log group is full of, and what only looks like a broken key.

Nothing in them is a call to AWS KMS that failed for want of a key. They are made of templates and
seeded words, so that ten thousand lines differ and every run has the same; KeyWatch's own documents
and sources are among them, as a log that prints files would have them.
"""

# ruff: noqa: E501 - log lines are as long as they are

import json
import random
from collections.abc import Iterator
from pathlib import Path

from tests.delivered.calls import KEY, OTHER_KEY

ROOT = Path(__file__).resolve().parents[2]
_UUID = "0123456789abcdef"

# What ordinary programs print; {words} are filled in.
EVERYDAY = (
    '10.0.{m}.{m} - - [24/Nov/2026:10:{m}:{m} +0000] "GET /keys/{uuid} HTTP/1.1" 404 153 "-" "curl/8.5.0"',
    '10.0.{m}.{m} - {user} [24/Nov/2026:10:{m}:{m} +0000] "POST /api/v1/decrypt HTTP/1.1" 200 512 "-" "okhttp/4.12"',
    'time=2026-11-24T10:{m}:{m}Z level=info msg="request" method=GET path=/alias/{word} status=404 duration={n}ms',
    "I1124 10:{m}:{m}.123456       1 controller.go:{n}] Reconciling secret {word}/{word}",
    'E1124 10:{m}:{m}.123456       1 reflector.go:{n}] Failed to watch *v1.ConfigMap: configmaps "{word}" not found',
    'Warning  FailedMount  {n}s (x{n} over {n}m)  kubelet  MountVolume.SetUp failed for volume "{word}" : secret "{word}" not found',
    "2026-11-24 10:{m}:{m},123 ERROR [main] c.e.{word}.Store - com.amazonaws.services.dynamodbv2.model.ResourceNotFoundException: Requested resource not found (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: {uuid})",
    "An error occurred (ResourceNotFoundException) when calling the GetItem operation: Requested resource not found: Table: {word} not found",
    "An error occurred (NotFoundException) when calling the GetRestApi operation: Invalid API identifier specified {n}:{word}",
    "software.amazon.awssdk.services.apigateway.model.NotFoundException: Invalid API Key identifier specified (Service: ApiGateway, Status Code: 404, Request ID: {uuid})",
    "javax.ws.rs.NotFoundException: HTTP 404 Not Found at /orders/{uuid}",
    "NotFoundException: user {user} does not exist",
    "jakarta.ws.rs.NotFoundException: customer {uuid} does not exist",
    "org.springframework.security.authentication.DisabledException: User is disabled",
    "o.s.s.a.DisabledException: User account {user} is disabled.",
    'ERROR: role "{word}" does not exist',
    'psycopg2.errors.UndefinedTable: relation "keys" does not exist at character {n}',
    "cp: cannot stat '/etc/keys/{word}.pem': the file does not exist",
    "NoSuchKey: The specified key does not exist. status code: 404, request id: {uuid}, host id: {word}",
    "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>{word}/{uuid}</Key></Error>",
    "An error occurred (NoSuchKey) when calling the GetObject operation: The specified key does not exist.",
    "InvalidKeyPair.NotFound: The key pair '{word}' does not exist",
    "KeyError: 'key {word} is not found'",
    "redis.exceptions.ResponseError: key {word} does not exist",
    "Feature flag {word} is disabled.",
    "rule {word} is disabled. skipping",
    "arn:aws:events:eu-west-1:482913570264:rule/{word} is disabled.",
    "arn:aws:lambda:eu-west-1:482913570264:function:{word} is pending deletion.",
    "stack {word} is updating.",
    "database {word} is creating.",
    "service {word} is unavailable. retrying in {n}s",
    "com.netflix.hystrix.HystrixRuntimeException: {word} is unavailable.",
    "DependencyTimeout waiting for {word} after {n}ms",
    "upstream dependency timeout: {word} did not respond in time",
    "INFO decrypted order {n} with {key} in {n}ms",
    "DEBUG kms.Decrypt ok KeyId={key} requestId={uuid}",
    "INFO rotating data key, master {key}, alias/{word}",
    "GenerateDataKey 200 {n}ms key=alias/{word}",
    "ThrottlingException: Rate exceeded (Service: Kms, Status Code: 400, Request ID: {uuid})",
    "InvalidCiphertextException: null (Service: AWSKMS; Status Code: 400; Error Code: InvalidCiphertextException; Request ID: {uuid})",
    "User: arn:aws:sts::482913570264:assumed-role/{word}/i-0a is not authorized to perform: kms:Decrypt on resource: {key} because no identity-based policy allows the kms:Decrypt action",
    "User: arn:aws:iam::482913570264:user/{user} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::{word}/{uuid}",
    "An error occurred (AccessDeniedException) when calling the GetSecretValue operation: User: {user} is not authorized",
    "InvalidParameterException: Invalid arn format: {word}",
    "ValidationException: 1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
    "1 validation error detected: Value '{word}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern",
    "InvalidGrantException: refresh token for {user} is expired",
    "oauth2: invalid_grant: Token has been expired or revoked.",
    "KeyVault: SecretNotFound: A secret with (name/id) {word} was not found in this key vault",
    "javax.crypto.BadPaddingException: Given final block not properly padded",
    "java.security.InvalidKeyException: Invalid key length: {n} bytes",
    "Caused by: java.security.UnrecoverableKeyException: Cannot recover key {word}",
    "systemd[1]: {word}.service: Failed with result 'exit-code'.",
    "kernel: [drm:drm_atomic_helper_commit] *ERROR* [CRTC:{n}:pipe A] flip_done timed out",
)

# Other products whose name or words are close to AWS KMS.
LOOK_ALIKES = (
    "kernel: [drm] KMS: DP tunneling is disabled.",
    "kernel: i915 0000:00:02.0: [drm] kms is unavailable.",
    "[    {n}.123456] nouveau 0000:01:00.0: drm: KMS helper: connector {n} does not exist",
    "KMS host {word}.corp is unavailable. 0xC004F074: The Software Licensing Service reported that no Key Management Service (KMS) could be contacted.",
    "slmgr: Error: 0xC004F042 The Software Licensing Service determined that the specified Key Management Service (KMS) cannot be used.",
    "google.api_core.exceptions.NotFound: 404 CryptoKey projects/{word}/locations/global/keyRings/{word}/cryptoKeys/{word} not found.",
    "rpc error: code = FailedPrecondition desc = projects/{word}/locations/europe/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1 is not enabled, current state is: DESTROYED.",
    "googleapi: Error 400: Cloud KMS key {word} is disabled., failedPrecondition",
    "azure.core.exceptions.ResourceNotFoundError: (KeyNotFound) A key with (name/id) {word} was not found in this key vault.",
    "com.azure.core.exception.HttpResponseException: Status code 403, (KeyDisabled) Operation get is not allowed on a disabled key.",
    "Aliyun KMS: Forbidden.KeyNotFound The specified Key is not found. RequestId: {uuid}",
    "com.aliyuncs.exceptions.ClientException: Rejected.Disabled : The request was rejected because the key {uuid} is disabled.",
    "tencentcloud: [TencentCloudSDKException] code:ResourceUnavailable.CmkDisabled message:Cmk {uuid} is disabled.",
    "oci.exceptions.ServiceError: {'status': 404, 'code': 'NotAuthorizedOrNotFound', 'message': 'Key {word} does not exist'}",
    "org.apache.hadoop.crypto.key.kms.KMSClientProvider: Key '{word}' does not exist",
    "org.apache.hadoop.security.authorize.AuthorizationException: User:{user} not allowed to do 'DECRYPT_EEK' on '{word}' in Hadoop KMS",
    "barbican: Secret {uuid} does not exist",
    "JWKS: NotFoundException: Invalid keyId {word}",
    "jwks-rsa: SigningKeyNotFoundError: Unable to find a signing key that matches '{uuid}'",
    "com.auth0.jwk.SigningKeyNotFoundException: No key found in https://{word}.auth0.com/.well-known/jwks.json with kid {uuid}",
    "oidc: NotFoundException: Invalid keyId '{uuid}' in token header",
    "ssh: Invalid keyId {word}: no such identity",
    "pgp: Invalid keyId 0x{n}A6F1B9C04D27E58",
    'http-signatures: Invalid keyId "https://{word}.example/users/{user}#main-key"',
    "Apple: 401 InvalidProviderToken: Invalid keyId {word}",
    "vault: error fetching key: transit key {word} does not exist",
    "consul: alias {word} is not found.",
    "Elasticsearch alias [{word}] is not found.",
    "Alias arn:aws:lambda:eu-west-1:482913570264:function:{word}:PROD is not found.",
    "Key 'spring.datasource.{word}' does not exist",
    "Invalid arn eu-west-1: expected a topic",
    "SNS: InvalidParameter: Invalid parameter: TopicArn Reason: Invalid arn {word}",
)

# Somebody speaks about errors of KMS: notes, documents, plans, help, sources, tests.
TALK = (
    "WARN  Deprecated: KMSInvalidStateException: use KmsInvalidStateException instead",
    "DeprecationWarning: XksKeyNotFoundException is deprecated: catch NotFoundException instead",
    "[DEPRECATED] com.amazonaws.services.kms.model.KMSInternalException: moved to software.amazon.awssdk.services.kms.model.KmsInternalException",
    '  ~ description = "{key} is pending deletion." -> "{word}"',
    '  - description = "Alias arn:aws:kms:eu-west-1:482913570264:alias/{word} is not found." -> null',
    "+     alarm_description = \"fires when Key '{key}' does not exist\"",
    "-    except kms.exceptions.NotFoundException:  # Invalid keyId 'x'",
    "+  retry_on = [KMSInternalException, KeyUnavailableException, DependencyTimeoutException]",
    'import { KMSInvalidStateException, NotFoundException } from "@aws-sdk/client-kms";',
    "from botocore.exceptions import ClientError  # KMSInvalidStateException, DisabledException",
    'catch (KMSInvalidStateException e) { log.warn("retry"); }',
    "throws KmsInvalidStateException, DisabledException, KeyUnavailableException",
    "registered error handlers: DisabledException, KMSInvalidStateException, XksKeyNotFoundException",
    'retry policy: {{"retryable": ["KMSInternalException", "DependencyTimeoutException"], "max": {n}}}',
    "KMSInvalidStateException: The request was rejected because the state of the specified resource is not valid for this request.",
    "DisabledException: The request was rejected because the specified KMS key is not enabled.",
    "See https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html if a key is pending deletion.",
    "Runbook: when the log says \"Key '<key ARN>' does not exist\", look for ScheduleKeyDeletion in CloudTrail.",
    'FAQ: What does "Invalid keyId" mean? The id is not a UUID.',
    "Note: Decrypt fails with KMSInvalidStateException when the key is pending deletion.",
    "If the key store is disconnected, AWS KMS returns KMSInvalidStateException. Connect the external key store and try the request again.",
    "test_disabled_key_is_reported[DisabledException] PASSED",
    "PASS tests/kms.test.ts > maps KMSInvalidStateException: is pending deletion to 503 ({n} ms)",
    "ok {n} - NotFoundException: Invalid keyId 'x' is turned into 400",
    "Scheduling deletion of {key} in 30 days",
    "key rotation: new key material for {key} is pending import",
    "checking whether {key} is pending deletion: no",
    "0 keys are pending deletion, 0 keys are disabled",
    "INFO alias/{word} does not exist yet, creating it",
    "DEBUG feature kms.xks is disabled. external key store not configured",
    "metric filter { $.errorCode = KMSInvalidStateException } updated",
    'audit: rule "KMS key is pending deletion" evaluated: COMPLIANT',
    "prowler: PASS kms_cmk_not_deleted_unintentionally {key} is not pending deletion",
    "- Errors: NotFoundException, DisabledException, KeyUnavailableException, DependencyTimeoutException, InvalidGrantTokenException",
)

# What KeyWatch itself sends: a subscriber that logs it must not be heard.
ALERTS = (
    {
        "schema": "keywatch.alert/1",
        "status": "opened",
        "severity": "critical",
        "incident_id": "kw-1",
        "cause": "key_pending_deletion",
        "confidence": "certain",
        "title": f"KMS key {KEY} is pending deletion",
        "summary": f"KMSInvalidStateException: {KEY} is pending deletion.",
        "subject": {"identifier": KEY, "key_arn": KEY, "region": "eu-west-1"},
        "because": [
            {
                "source": "error text",
                "text": f"AWS answered KMSInvalidStateException: {KEY} is pending deletion.",
            }
        ],
    },
    {
        "schema": "keywatch.alert/1",
        "status": "reminder",
        "severity": "high",
        "incident_id": "kw-2",
        "cause": "alias_not_found",
        "because": [
            {
                "source": "error text",
                "text": "AWS answered NotFoundException: Alias arn:aws:kms:eu-west-1:482913570264:alias/payments is not found.",
            }
        ],
    },
)

PREFIXES = ("", "INFO ", "2026-11-24 10:{m}:{m},{n} WARN [main] c.e.App - ", "ERROR ")
_WORDS = tuple(
    f"{first}-{second}"
    for first in (
        "orders",
        "billing",
        "payments",
        "tenant",
        "vault",
        "ledger",
        "search",
        "audit",
        "shipping",
    )
    for second in ("api", "worker", "db", "cache", "events", "prod", "eu", "v2")
)
_USERS = ("alice", "bob", "carol", "svc-deploy")


def lines(count: int, *, seed: int = 12) -> Iterator[tuple[str, str]]:
    """Yield ``count`` lines and the kind of each: everyday ones mostly, look-alikes, and talk about errors."""
    chance = random.Random(seed)
    kinds = (
        ("everyday", EVERYDAY),
        ("everyday", EVERYDAY),
        ("look-alike", LOOK_ALIKES),
        ("talk", TALK),
    )
    for number in range(count):
        kind, templates = kinds[number % len(kinds)]
        prefixes = ("", "INFO ", "DEBUG ") if kind == "talk" else PREFIXES
        line = chance.choice(templates)
        yield kind, _filled(line if line[0] in " +-<" else chance.choice(prefixes) + line, chance)


def own_lines() -> Iterator[tuple[str, str]]:
    """Yield KeyWatch's own documents, sources and alerts, line by line."""
    for pattern in ("README.md", "docs/**/*.md", "lambda_src/**/*.py", "infra/**/*.py"):
        for path in sorted(ROOT.glob(pattern)):
            yield from (
                ("own", line)
                for line in path.read_text(encoding="utf-8").splitlines()
                if line.strip()
            )
    for alert in ALERTS:
        yield "alert", json.dumps(alert)
        yield (
            "alert",
            f"INFO received {json.dumps({'Type': 'Notification', 'Message': json.dumps(alert)})}",
        )


def _filled(template: str, chance: random.Random) -> str:
    for name, value in (
        (
            "{uuid}",
            lambda: "-".join("".join(chance.choices(_UUID, k=size)) for size in (8, 4, 4, 4, 12)),
        ),
        ("{n}", lambda: str(chance.randrange(1, 65_536))),
        ("{m}", lambda: f"{chance.randrange(60):02}"),
        ("{word}", lambda: chance.choice(_WORDS)),
        ("{user}", lambda: chance.choice(_USERS)),
        ("{key}", lambda: chance.choice((KEY, OTHER_KEY))),
    ):
        while name in template:
            template = template.replace(name, value(), 1)
    return template
