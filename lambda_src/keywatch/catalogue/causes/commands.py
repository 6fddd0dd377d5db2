"""The commands (AWS CLI v2) and steps that several causes offer, and where their documentation begins. Data only."""

from keywatch.catalogue.causes.record import Remedy

GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
LIST_STORES = (
    "aws kms describe-custom-key-stores --region {region} "
    "--query 'CustomKeyStores[].[CustomKeyStoreId,CustomKeyStoreName,ConnectionState]' --output table"
)
DESCRIBE_KEY = "aws kms describe-key --key-id {key} --region {region}"
DESCRIBE_STORE = (
    "aws kms describe-custom-key-stores --custom-key-store-id {key_store} --region {region}"
)
CONNECT_STORE = (
    "aws kms connect-custom-key-store --custom-key-store-id {key_store} --region {region}"
)
DISCONNECT_STORE = (
    "aws kms disconnect-custom-key-store --custom-key-store-id {key_store} --region {region}"
)
LIST_ALIASES = "aws kms list-aliases --region {region} --query 'Aliases[].[AliasName,TargetKeyId]' --output table"
EXTERNAL_KEY = (
    "aws kms describe-key --key-id {key} --region {region} --query KeyMetadata.XksKeyConfiguration"
)


# What failed, where AWS did not say on which key. Of all newest events of KMS the failed ones are shown.
FAILED_CALLS = (
    "aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventSource,AttributeValue=kms.amazonaws.com "
    "--region {region} --max-items 200 "
    "--query \"Events[?contains(CloudTrailEvent,'errorCode')].[EventTime,EventName,Username,CloudTrailEvent]\" --output text"
)
_WHICH_KEY = Remedy("AWS did not name the key. To see what failed, and on which key:", FAILED_CALLS)
_WHICH_STORE = Remedy(
    "To find the key store, list those of the Region with their states:", LIST_STORES
)


def look(text: str, command: str = DESCRIBE_KEY) -> Remedy:
    """Return the step that looks at a key; where AWS did not name it, the one that finds it."""
    return Remedy(text, command, otherwise=_WHICH_KEY)


def look_at_store(text: str, command: str = DESCRIBE_STORE) -> Remedy:
    """Return the step that looks at a key store; where it is not known, the one that finds it."""
    return Remedy(text, command, otherwise=_WHICH_STORE)


def find_who(text: str, event_name: str) -> Remedy:
    """Return the step that finds who made this kind of change: to the key, or to any where AWS did not name it."""
    anybody = (
        f"aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue={event_name} "
        "--region {region} --max-items 50 --query 'Events[].[EventTime,Username,Resources[0].ResourceName]' --output table"
    )
    of_all = Remedy(f"{text} AWS did not name the key, so this lists all keys:", anybody)
    return Remedy(text, who_did(event_name), otherwise=of_all)


def who_did(event_name: str) -> str:
    """Return the command that lists who made this kind of change to the key, the newest first.

    Asked for a key, CloudTrail lists its uses, a million a day on a busy one; one kind of change is
    rare in a whole account, so this ends within seconds.
    """
    return (
        f"aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue={event_name} "
        "--region {region} --max-items 500 "
        "--query \"Events[?contains(CloudTrailEvent,'{key:plain}')].[EventTime,EventName,Username]\" --output table"
    )


PROXY_OF_STORE = f"{DESCRIBE_STORE} --query 'CustomKeyStores[].XksProxyConfiguration'"
