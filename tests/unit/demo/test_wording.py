import pytest

from demo import wording

UUID = "1234abcd-12ab-34cd-56ef-1234567890ab"
HOME = "arn:aws:kms:eu-west-1:111122223333"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("alias/app", f"Alias {HOME}:alias/app is not found."),
        (f"{HOME}:alias/app", f"Alias {HOME}:alias/app is not found."),
        (UUID, f"Key '{HOME}:key/{UUID}' does not exist"),
        ("mrk-" + 32 * "a", f"Key '{HOME}:key/mrk-{32 * 'a'}' does not exist"),
        (f"{HOME}:key/{UUID}", f"Key '{HOME}:key/{UUID}' does not exist"),
        (UUID.replace("-", ""), f"Invalid keyId '{UUID.replace('-', '')}'"),
        (f"arn:aws:kms:us-west-2:111122223333:key/{UUID}", "Invalid arn us-west-2"),
    ],
)
def test_not_found_is_put_into_the_words_that_aws_was_recorded_with(asked, text):
    # WHEN the emulator says "not found" in words of its own, THEN CloudTrail's record says it in AWS's
    recorded = wording.as_recorded(
        "NotFoundException", f"Key {asked} not found", asked, "eu-west-1", "arn", "Encrypt"
    )

    assert recorded == ("NotFoundException", text)


def test_a_ciphertext_of_another_region_becomes_the_ambiguous_denial():
    # GIVEN a Decrypt that names no key, WHEN the emulator calls the ciphertext invalid
    code, text = wording.as_recorded(
        "InvalidCiphertextException", "", None, "eu-west-1", "arn:aws:iam::1:user/a", "Decrypt"
    )

    # THEN CloudTrail records a denial, under its own code, that leaves open what is wrong
    assert code == "AccessDenied"
    assert text.startswith(
        "User: arn:aws:iam::1:user/a is not authorized to perform: kms:Decrypt on the resource associated"
    )
    assert "does not exist in this Region" in text


def test_what_the_emulator_words_like_aws_is_kept():
    said = ("DisabledException", f"{HOME}:key/{UUID} is disabled.")

    assert wording.as_recorded(*said, "alias/app", "eu-west-1", "arn", "Encrypt") == said
