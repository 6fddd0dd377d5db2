"""From a row of the table of permissions to the statement of a policy."""

from collections.abc import Mapping

from aws_cdk import aws_iam as iam

from infra.permissions import GRANTS


def statement_of(
    sid: str, *resources: str, conditions: Mapping[str, Mapping[str, str]] | None = None
) -> iam.PolicyStatement:
    """Return the statement ``sid`` (of ``infra.permissions``) for these ARNs."""
    grant = GRANTS[sid]
    return iam.PolicyStatement(
        sid=sid,
        effect=iam.Effect.DENY if grant.denies else iam.Effect.ALLOW,
        actions=list(grant.calls),
        resources=list(resources),
        conditions=conditions,
    )
