"""The commands (AWS CLI v2) that several causes offer, and where their documentation begins. Data only."""

GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
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
