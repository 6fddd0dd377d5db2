"""What the ConnectionErrorCode of a custom key store means and how to fix it. Data only.

Sources: KMS API Reference, CustomKeyStoresListEntry; KMS Developer Guide, "Troubleshooting external
key stores" and "Fixing a failed connection". The code is present only while ConnectionState is
FAILED, and a failed store must be disconnected before it can be connected again.
"""

from collections.abc import Mapping

CONNECTION_ERRORS: Mapping[str, str] = {
    "INTERNAL_ERROR": "KMS had an internal error: disconnect and connect again",
    "NETWORK_ERRORS": "the network failed for a while: disconnect, wait, then connect again",
    "INVALID_CREDENTIALS": (
        "KMS's credential is wrong: the password of kmsuser (CloudHSM) or the proxy's credential (external); update it"
    ),
    "CLUSTER_NOT_FOUND": "the CloudHSM cluster does not exist: restore it from a backup and update the cluster id",
    "INSUFFICIENT_CLOUDHSM_HSMS": "the CloudHSM cluster has no active HSM: add at least one",
    "INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET": "a private subnet of the CloudHSM cluster has no free address: free one",
    "SUBNET_NOT_FOUND": "a subnet of the CloudHSM cluster was deleted: create a new cluster "
    "from a backup, then update the cluster id",
    "USER_LOCKED_OUT": "kmsuser is locked after wrong passwords: change its password, then update the key store",
    "USER_LOGGED_IN": "kmsuser is logged in to the CloudHSM cluster: log it out",
    "USER_NOT_FOUND": "there is no crypto user kmsuser in the CloudHSM cluster: create it, then update the password",
    "XKS_PROXY_ACCESS_DENIED": "the proxy does not allow KMS: correct the proxy's authorization policy",
    "XKS_PROXY_INVALID_CONFIGURATION": "the proxy is misconfigured: check its URI path prefix",
    "XKS_PROXY_INVALID_RESPONSE": "KMS cannot read what the proxy answers: ask its administrator or vendor",
    "XKS_PROXY_INVALID_TLS_CONFIGURATION": "the proxy's certificate or TLS version is not acceptable: renew or correct it",
    "XKS_PROXY_NOT_REACHABLE": "KMS cannot reach the proxy, or the proxy cannot reach its key "
    "managers: check the endpoint and the network",
    "XKS_PROXY_TIMED_OUT": "the proxy answers too slowly: check its load and latency",
    "XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION": (
        "the VPC endpoint service does not meet the requirements of KMS: load balancer in two "
        "zones, KMS's principal, private DNS name"
    ),
    "XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND": "the VPC endpoint service does not exist, or KMS's principal may not use it",
}
