"""Every error of AWS that speaks of a KMS key has been judged: a new release of botocore brings new ones."""

import re

import botocore.session
import pytest

from keywatch.catalogue.code_lookup import core_of
from keywatch.catalogue.codes import CODES

ABOUT_A_KEY = re.compile(
    r"\bKMS\b|Key Management Service|encryption key|customer managed key", re.IGNORECASE
)
NAMED_SO = re.compile(r"kms|encrypt|decrypt", re.IGNORECASE)

# Error shapes that speak of a key or of encryption and are no codes of the table, with the reason.
JUDGED = {
    r"cloudfront .*FieldLevelEncryption.*": "field-level encryption uses public keys of its own",
    "codeartifact ValidationException": "names the key in a reason only; comes in by its message",
    "deadline ServiceQuotaExceededException": "a quota of keys, no key that is missing",
    "identitystore (ResourceNotFoundException|ValidationException)": "names KMS in a reason only; comes in by its message",
    "sso-admin (ResourceNotFoundException|ValidationException)": "names KMS in a reason only; comes in by its message",
    "sso-oidc InvalidRequestException": "names KMS in a reason only; comes in by its message",
    "macie2 UnprocessableEntityException": "a finding that cannot be shown, for many reasons; comes in by its message",
    "rds VpcEncryptionControlViolationException": "encryption in transit within a VPC",
    "route53 InsufficientCloudWatchLogsResourcePolicy": "a policy of CloudWatch Logs",
    "route53 KeySigningKeyAlreadyExists": "a name that is taken",
    "s3 EncryptionTypeMismatch": "an append with another encryption type",
    "stepfunctions InvalidEncryptionConfiguration": "a parameter that does not fit the others",
    "redshift LimitExceededFault": "a quota of grants, no grant that is missing",
}


def error_shapes():
    """Yield (service, code) of every error shape that speaks of a KMS key, by name, text or reason."""
    loader = botocore.session.get_session().get_component("data_loader")
    for service in loader.list_available_services("service-2"):
        if service == "kms":
            continue
        yield from _of_model(service, loader.load_service_model(service, "service-2"))


def _of_model(service, model):
    shapes = model["shapes"]
    for name, shape in shapes.items():
        if not (shape.get("exception") or shape.get("error")):
            continue
        code = shape.get("error", {}).get("code", name)
        members = shape.get("members", {}).values()
        texts = [shape.get("documentation", ""), *(m.get("documentation", "") for m in members)]
        reasons = [reason for m in members for reason in shapes[m["shape"]].get("enum", ())]
        says = NAMED_SO.search(f"{name} {code}") or ABOUT_A_KEY.search(" ".join(texts))
        if says or any("KMS" in r or "ENCRYPTION_KEY" in r for r in reasons):
            yield service, code


def test_every_error_about_keys_is_in_the_table_or_judged_out_of_it(capsys):
    # GIVEN all service models of the botocore that is installed
    found = set(error_shapes())
    known = {core_of(row.code)[0] for row in CODES}
    judged = {
        (service, code)
        for service, code in found
        if core_of(code)[0] in known
        or any(re.fullmatch(pattern, f"{service} {code}") for pattern in JUDGED)
    }
    with capsys.disabled():
        print(f" judged {len(judged)} error shapes about keys of other services", end="")  # noqa: T201
    # THEN nobody need be asked what one of them means
    assert sorted(found - judged) == []


def test_a_new_error_about_a_key_would_be_noticed():
    # GIVEN a model with an error that nobody has judged
    shape = {"exception": True, "documentation": "The KMS key is gone fishing.", "members": {}}
    model = {"shapes": {"KeyGoneFishing": shape, "Harmless": {"exception": True}}}
    assert list(_of_model("new", model)) == [("new", "KeyGoneFishing")]
    assert core_of("KeyGoneFishing")[0] not in {core_of(row.code)[0] for row in CODES}


@pytest.mark.parametrize("pattern", JUDGED)
def test_a_judgement_has_a_reason(pattern):
    assert len(JUDGED[pattern]) > 10
