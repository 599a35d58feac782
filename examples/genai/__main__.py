"""Titles for uploaded videos: a model proposes, a person decides on the page behind the link."""

import pulumi
from serviceful import ApiGatewayPattern, ApiGatewayPatternArgs, GenAiWorkflow, GenAiWorkflowArgs
from serviceful.api_gateway import Front
from serviceful.genai import APPROVAL_PAGE

page, page_is = pulumi.deferred_output()
titles = GenAiWorkflow("titles", GenAiWorkflowArgs(approval_page=page))
api = ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=titles.routes(), front=Front(APPROVAL_PAGE)))
page_is(pulumi.Output.concat(api.front_url, "/index.html"))

pulumi.export("front", api.front_url)
pulumi.export("uploads", titles.uploads.bucket.bucket)
pulumi.export("reviewers", titles.reviewers)
