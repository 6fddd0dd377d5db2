"""KMS as far as the demo's scenarios need it: keys in states, and AWS's refusals of them."""

from dataclasses import dataclass, field
from uuid import UUID

from botocore.exceptions import ClientError

from demo.emulator import ACCOUNT


def _refused(code, message):
    return ClientError({"Error": {"Code": code, "Message": message}}, "Any")


@dataclass
class RefusingKms:
    """Keys of all Regions by (Region, id or alias)."""

    keys: dict = field(default_factory=dict)
    region: str = ""

    def of_region(self, service, region):
        assert service == "kms"
        return RefusingKms(self.keys, region)

    def create_key(self, Origin="AWS_KMS"):
        key_id = str(UUID(int=len(self.keys) + 1))
        arn = f"arn:aws:kms:{self.region}:{ACCOUNT}:key/{key_id}"
        key = {
            "KeyId": key_id,
            "Arn": arn,
            "state": "pending import" if Origin == "EXTERNAL" else "",
        }
        self.keys[self.region, key_id] = key
        return {"KeyMetadata": key}

    def create_alias(self, AliasName, TargetKeyId):
        self.keys[self.region, AliasName] = self.keys[self.region, TargetKeyId]

    def disable_key(self, KeyId):
        self.keys[self.region, KeyId]["state"] = "disabled"

    def schedule_key_deletion(self, KeyId, PendingWindowInDays):
        self.keys[self.region, KeyId]["state"] = "pending deletion"

    def encrypt(self, KeyId, **_):
        name = KeyId.rpartition("key/")[2] if KeyId.startswith("arn:") else KeyId
        key = self.keys.get((self.region, name))
        if key is None:
            raise _refused("NotFoundException", "not found, in words of its own")
        if key["state"] == "disabled":
            raise _refused("DisabledException", f"{key['Arn']} is disabled.")
        if key["state"]:
            raise _refused("KMSInvalidStateException", f"{key['Arn']} is {key['state']}.")
        return {"CiphertextBlob": f"of {self.region}".encode()}

    generate_data_key = describe_key = encrypt

    def decrypt(self, KeyId=None, CiphertextBlob=b""):
        if KeyId is None:
            raise _refused("InvalidCiphertextException", "")
        return self.encrypt(KeyId)
