"""How a principal makes itself more than it is: actions that, alone or together, lead to another's rights.

The ways are those of published research, told in our own words:
https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/
https://bishopfox.com/blog/privilege-escalation-in-aws
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ALONE: Final[Mapping[str, str]] = {
    "iam:AddUserToGroup": "joins any group",
    "iam:AttachGroupPolicy": "attaches any policy to a group",
    "iam:AttachRolePolicy": "attaches any policy to a role",
    "iam:AttachUserPolicy": "attaches any policy to a user",
    "iam:CreateAccessKey": "makes keys of another user",
    "iam:CreateLoginProfile": "gives another user a password",
    "iam:CreatePolicyVersion": "rewrites a policy that is attached somewhere",
    "iam:CreateServiceSpecificCredential": "makes credentials of another user",
    "iam:DeleteRolePermissionsBoundary": "takes away what bounds a role",
    "iam:DeleteUserPermissionsBoundary": "takes away what bounds a user",
    "iam:PutGroupPolicy": "writes a group's policy",
    "iam:PutRolePermissionsBoundary": "moves what bounds a role",
    "iam:PutRolePolicy": "writes a role's policy",
    "iam:PutUserPermissionsBoundary": "moves what bounds a user",
    "iam:PutUserPolicy": "writes a user's policy",
    "iam:ResetServiceSpecificCredential": "takes over credentials of another user",
    "iam:SetDefaultPolicyVersion": "brings back an older, wider version of a policy",
    "iam:UpdateAssumeRolePolicy": "lets itself assume a role",
    "iam:UpdateLoginProfile": "changes another user's password",
    "iam:UpdateSAMLProvider": "replaces the provider that a role trusts",
    "lambda:UpdateFunctionCode": "runs its own code under a function's role",
    "lambda:UpdateFunctionConfiguration": "runs a layer of its own under a function's role",
    "cloudformation:UpdateStack": "changes a stack under the stack's role",
    "cloudformation:ExecuteChangeSet": "changes a stack under the stack's role",
    "codebuild:StartBuild": "runs commands of its own under a project's role",
    "codebuild:StartBuildBatch": "runs commands of its own under a project's role",
    "codestar:AssociateTeamMember": "makes itself owner of a project",
    "ec2-instance-connect:SendSSHPublicKey": "enters an instance and has its role",
    "ec2:ModifyInstanceAttribute": "runs commands of its own under an instance's role, by its user data",
    "ecs:ExecuteCommand": "enters a container and has its task's role",
    "glue:UpdateDevEndpoint": "enters an endpoint and has its role",
    "sagemaker:CreatePresignedNotebookInstanceUrl": "opens a notebook and has its role",
    "sagemaker:CreatePresignedDomainUrl": "opens a notebook and has its role",
    "ssm:SendCommand": "runs commands under an instance's role",
    "ssm:StartSession": "enters an instance and has its role",
    "states:UpdateStateMachine": "changes what is done under a state machine's role",
}
"""Actions that are enough by themselves → what whoever may call one does."""

PASSING: Final = "iam:passrole"

TAKES_A_ROLE: Final = frozenset(
    action.lower()
    for action in (
        *("amplify:CreateApp", "apigateway:POST", "apigateway:PUT", "apigateway:PATCH", "apprunner:CreateService"),
        *("appsync:CreateDataSource", "batch:RegisterJobDefinition", "bedrock-agentcore:CreateCodeInterpreter"),
        *("bedrock:CreateAgent", "cloudformation:CreateChangeSet", "cloudformation:CreateStack"),
        *("cloudformation:CreateStackSet", "codebuild:CreateProject", "codebuild:UpdateProject"),
        *("codepipeline:CreatePipeline", "codestar:CreateProject", "cognito-identity:SetIdentityPoolRoles"),
        *("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "ecs:CreateService"),
        *("ecs:RegisterTaskDefinition", "events:PutTargets", "firehose:CreateDeliveryStream"),
        *("glue:CreateDevEndpoint", "glue:CreateJob", "glue:CreateSession", "glue:UpdateJob", "iot:CreateTopicRule"),
        *("ssm:CreateAssociation", "ssm:StartAutomationExecution"),
    )
)
"""Actions that give a role to something that then works for the caller, beside those of which the reference says so.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

CREDENTIALS: Final = frozenset(
    action.lower()
    for action in (
        *("cognito-identity:GetCredentialsForIdentity", "cognito-identity:GetOpenIdToken"),
        *("cognito-identity:GetOpenIdTokenForDeveloperIdentity", "cognito-idp:AssociateSoftwareToken"),
        *("codepipeline:PollForJobs", "connect:GetFederationToken", "ecr:GetAuthorizationToken"),
        *("gamelift:RequestUploadCredentials", "iam:UpdateAccessKey"),
        *("lightsail:GetInstanceAccessDetails", "lightsail:GetRelationalDatabaseMasterUserPassword"),
        *("mediapackage:RotateIngestEndpointCredentials", "rds-db:connect", "redshift:GetClusterCredentials"),
        *("redshift:GetClusterCredentialsWithIAM", "redshift-serverless:GetCredentials"),
        *("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoot"),
        *("sts:GetFederationToken", "sts:GetSessionToken"),
    )
)
"""Actions that answer with credentials, or change somebody's."""
