"""How services announce on the event bus that they lost a KMS key, without any failing call. Data only.

RDS names its events (RDS User Guide, "Amazon RDS event categories and event messages"); OpenSearch
has a domain error notification; Auto Scaling quotes EC2 when an instance could not be launched. The
detail-types of the first two are not certain, so they are told by their source and event.
"""

NOTICE_SOURCES = ("aws.rds", "aws.es", "aws.autoscaling")

# Event id to whether the key is lost (or was found again).
RDS_EVENTS = {"RDS-EVENT-0418": True, "RDS-EVENT-0419": True, "RDS-EVENT-0420": False}
OPENSEARCH_EVENT = "KMS Key Inaccessible"
# Words in the status of a launch that failed: (words, cause). ``Client error on launch`` is what EC2
# says where the caller may not use the key of a volume, and for other reasons too.
LAUNCH_WORDS = {
    "Client.InvalidKMSKey.InvalidState": "unclassified",
    "Client error on launch": "unclassified",
}
