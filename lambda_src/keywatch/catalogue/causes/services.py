"""Where to look next when an AWS service met AWS's ambiguous denial: which key the service was told to use. Data only.

What a service was encrypting is named as ``keywatch.catalogue.protected`` knows it; the commands are
those of the services' API references. S3 keeps the key of an object with the object: that of its
bucket is only for objects which are written from now on.
"""

from keywatch.catalogue.causes.record import Remedy

_COMPARE = "and compare it with the key that should be used."


def _step(what: str, command: str) -> Remedy:
    return Remedy(f"Find which key {what}, {_COMPARE}", f"{command} --region {{region}}")


SERVICE_STEPS = (
    _step(
        "the function uses",
        "aws lambda get-function-configuration --function-name {function} --query '[Role,LastModified,KMSKeyArn]'",
    ),
    _step(
        "the secret uses",
        "aws secretsmanager describe-secret --secret-id {secret} --query KmsKeyId",
    ),
    _step(
        "the parameter uses",
        "aws ssm describe-parameters --parameter-filters Key=Name,Values={parameter} --query 'Parameters[].KeyId'",
    ),
    _step(
        "the object was encrypted with",
        "aws s3api head-object --bucket {bucket} --key {object} --query SSEKMSKeyId",
    ),
    _step(
        "the bucket uses for new objects",
        "aws s3api get-bucket-encryption --bucket {bucket}",
    ),
    _step(
        "the database uses",
        "aws rds describe-db-instances --filters Name=dbi-resource-id,Values={database_id} "
        "--query 'DBInstances[].[DBInstanceIdentifier,KmsKeyId]'",
    ),
    _step(
        "the database uses",
        "aws rds describe-db-instances --filters Name=db-instance-id,Values={database} --query 'DBInstances[].KmsKeyId'",
    ),
    _step(
        "the database cluster uses",
        "aws rds describe-db-clusters --filters Name=db-cluster-resource-id,Values={cluster_id} "
        "--query 'DBClusters[].[DBClusterIdentifier,KmsKeyId]'",
    ),
    _step(
        "the database cluster uses",
        "aws rds describe-db-clusters --filters Name=db-cluster-id,Values={cluster} --query 'DBClusters[].KmsKeyId'",
    ),
    _step(
        "the volume uses",
        "aws ec2 describe-volumes --volume-ids {volume} --query 'Volumes[].KmsKeyId'",
    ),
    _step(
        "the snapshot uses",
        "aws ec2 describe-snapshots --snapshot-ids {snapshot} --query 'Snapshots[].KmsKeyId'",
    ),
    Remedy(
        "Find the launch template of the Auto Scaling group. Its volumes name the key.",
        "aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names {scaling_group} "
        "--query 'AutoScalingGroups[].[LaunchTemplate,MixedInstancesPolicy.LaunchTemplate]' --region {region}",
    ),
    _step(
        "the topic uses",
        "aws sns get-topic-attributes --topic-arn {topic} --query Attributes.KmsMasterKeyId",
    ),
    Remedy(
        "Find which key the queue uses: get its URL, and with it the attribute KmsMasterKeyId (get-queue-attributes).",
        "aws sqs get-queue-url --queue-name {queue} --region {region}",
    ),
    _step(
        "the table uses",
        "aws dynamodb describe-table --table-name {table} --query Table.SSEDescription",
    ),
    _step(
        "the stream uses",
        "aws kinesis describe-stream-summary --stream-arn {stream} --query StreamDescriptionSummary.KeyId",
    ),
    _step(
        "the trail uses",
        "aws cloudtrail get-trail --name {trail} --query Trail.KmsKeyId",
    ),
    _step(
        "the domain uses",
        "aws opensearch describe-domain --domain-name {domain} --query DomainStatus.EncryptionAtRestOptions",
    ),
    _step(
        "the log group uses",
        "aws logs describe-log-groups --log-group-name-prefix {log_group} --query 'logGroups[].[logGroupName,kmsKeyId]'",
    ),
    _step(
        "the repository uses",
        "aws ecr describe-repositories --repository-names {repository} --query 'repositories[].encryptionConfiguration'",
    ),
    _step(
        "the Redshift cluster uses",
        "aws redshift describe-clusters --cluster-identifier {warehouse} --query 'Clusters[].KmsKeyId'",
    ),
    _step(
        "the file system uses",
        "aws efs describe-file-systems --file-system-id {file_system} --query 'FileSystems[].KmsKeyId'",
    ),
    _step(
        "the file system uses",
        "aws fsx describe-file-systems --file-system-ids {fsx_file_system} --query 'FileSystems[].KmsKeyId'",
    ),
    _step(
        "the backup vault uses",
        "aws backup describe-backup-vault --backup-vault-name {vault} --query EncryptionKeyArn",
    ),
)
