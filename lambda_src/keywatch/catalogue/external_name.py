"""``XksKeyNotFoundException``: whose word it is, and how to find out what it means outside CreateKey. Data only.

Sources: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html, and the KMS API Reference of the other
operations, which answer NotFoundException.
"""

CODE = "XksKeyNotFound"
SETTLED_BY = (
    "AWS answers XksKeyNotFoundException to CreateKey with an external key store only; for a KMS key that does not exist it "
    "answers NotFoundException. Describe the key: if its origin is EXTERNAL_KEY_STORE, look for the external key in the external "
    "key manager; if the key is not found or has another origin, check its id, alias, account and Region."
)
ORDINARY_KEY = (
    "The key's origin is {origin}: it is in no external key store, so no external key of it can be missing. Many articles call "
    "every missing key by this name; which key the program called, its own log must tell."
)
