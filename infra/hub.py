"""The hub of an organisation: a bus that only its accounts may put to, and the spokes, where the stack deploys them itself.

Sources: EventBridge User Guide ("Permissions for event buses"), CloudFormation User Guide ("StackSets
and AWS Organizations").
"""

from aws_cdk import Aws, CfnTag
from aws_cdk import aws_cloudformation as cloudformation
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import setting_types, spoke
from infra.statements import statement_of
from keywatch.catalogue.own import HUB_BUS, LOOK_UP_ROLE, SPOKE

# Beyond a quarter at a time StackSets queues anyway; what fails in one account must not keep the
# others blind: the doctor names spokes that never answered.
AT_ONCE = cloudformation.CfnStackSet.OperationPreferencesProperty(
    region_concurrency_type="PARALLEL",
    max_concurrent_percentage=25,
    failure_tolerance_percentage=100,
)


class HubBus(Construct):
    """The bus (``bus``) that the rules of the spokes send to."""

    def __init__(self, scope: Construct, construct_id: str, *, hub: setting_types.Hub) -> None:
        super().__init__(scope, construct_id)
        arn = f"arn:{Aws.PARTITION}:events:{Aws.REGION}:{Aws.ACCOUNT_ID}:event-bus/{HUB_BUS}"
        organization = {"StringEquals": {"aws:PrincipalOrgID": hub.organization_id}}
        statement = {
            "Sid": "Organization",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "events:PutEvents",
            "Resource": arn,
            "Condition": organization,
        }
        self.bus = events.CfnEventBus(
            self,
            "Bus",
            name=HUB_BUS,
            description="KeyWatch: what failed in other accounts and Regions of the organisation",
            policy={"Version": "2012-10-17", "Statement": [statement]},
        )


def permissions(hub: setting_types.Hub) -> list[iam.PolicyStatement]:
    """Return what the function may do in a hub besides."""
    organization = {"StringEquals": {"aws:ResourceOrgID": hub.organization_id}}
    role = f"arn:{Aws.PARTITION}:iam::*:role/{LOOK_UP_ROLE}"
    accounts = f"arn:{Aws.PARTITION}:organizations::*:account/{hub.organization_id}/*"
    names = [statement_of("NameAccounts", accounts), statement_of("ListAccounts", "*")]
    return [
        statement_of("LookIntoAccounts", role, conditions=organization),
        *(names if hub.accounts else ()),
    ]


def accepted(hub: setting_types.Hub) -> dict[str, str]:
    """Return why the findings of cdk-nag about these permissions are right."""
    partition = "arn:<AWS::Partition>"
    return {
        f"AwsSolutions-IAM5[Resource::{partition}:iam::*:role/{LOOK_UP_ROLE}]": (
            "A hub looks into every account of its organisation, which is a condition, by the role of this one name."
        ),
        f"AwsSolutions-IAM5[Resource::{partition}:organizations::*:account/{hub.organization_id}/*]": (
            "The name of whichever account an event came from; whose organisation it is, is not known here."
        ),
    }


def deploy_spokes(
    scope: Construct, hub: setting_types.Hub, bus: events.CfnEventBus, role: iam.Role
) -> None:
    """Let CloudFormation deploy the spokes to the organisation, and to accounts that join it later."""
    if not hub.stack_set:
        return
    made = spoke.template()
    values = {
        "HubBusArn": bus.attr_arn,
        "HubFunctionRoleArn": role.role_arn,
        "OrganizationId": hub.organization_id,
        "LookUpRoleRegion": hub.stack_set.regions[0],
    }
    cloudformation.CfnStackSet(
        scope,
        "Spokes",
        stack_set_name=SPOKE,
        description=made["Description"],
        permission_model="SERVICE_MANAGED",
        call_as=hub.stack_set.call_as,
        auto_deployment=cloudformation.CfnStackSet.AutoDeploymentProperty(
            enabled=True, retain_stacks_on_account_removal=False
        ),
        managed_execution={"Active": True},
        capabilities=["CAPABILITY_NAMED_IAM"],
        operation_preferences=AT_ONCE,
        parameters=[
            cloudformation.CfnStackSet.ParameterProperty(parameter_key=name, parameter_value=value)
            for name, value in values.items()
        ],
        stack_instances_group=[
            cloudformation.CfnStackSet.StackInstancesProperty(
                deployment_targets=cloudformation.CfnStackSet.DeploymentTargetsProperty(
                    organizational_unit_ids=list(hub.stack_set.organizational_units)
                ),
                regions=list(hub.stack_set.regions),
            )
        ],
        tags=[CfnTag(key="KeyWatchVersion", value=spoke.spoke_version())],
        template_body=spoke.as_json(made),
    )
