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
HISTORY_OF_KEY = (
    "aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue={key} "
    "--region {region} --query 'Events[].[EventTime,EventName,Username]' --output table"
)
LIST_ALIASES = "aws kms list-aliases --region {region} --query 'Aliases[].[AliasName,TargetKeyId]' --output table"
EXTERNAL_KEY = (
    "aws kms describe-key --key-id {key} --region {region} --query KeyMetadata.XksKeyConfiguration"
)
PROXY_OF_STORE = f"{DESCRIBE_STORE} --query 'CustomKeyStores[].XksProxyConfiguration'"
