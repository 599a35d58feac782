"""Titles for uploaded videos: a model proposes, a person decides on the page behind the link."""

import pulumi
from serviceful import ApiGatewayPattern, ApiGatewayPatternArgs, GenAiWorkflow, GenAiWorkflowArgs, Later
from serviceful.api_gateway import Front
from serviceful.genai import APPROVAL_PAGE

with Later() as page:
    titles = GenAiWorkflow("titles", GenAiWorkflowArgs(approval_page=page.value))
    api = ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=titles.routes(), front=Front(APPROVAL_PAGE)))
    page.is_(pulumi.Output.format("{0}/index.html", api.front_url))

pulumi.export("front", api.front_url)
pulumi.export("uploads", titles.uploads.bucket.bucket)
pulumi.export("reviewers", titles.reviewers)
