"""A model in a workflow, a human in the loop."""

from ..core.connection import ApiKeyHeader, BasicAuth, ClientCredentials
from .approval import APPROVAL_PAGE
from .args import Filters, GenAiWorkflowArgs, ImageModel, Partner, TextModel
from .component import GenAiWorkflow

__all__ = [
    "APPROVAL_PAGE",
    "ApiKeyHeader",
    "BasicAuth",
    "ClientCredentials",
    "Filters",
    "GenAiWorkflow",
    "GenAiWorkflowArgs",
    "ImageModel",
    "Partner",
    "TextModel",
]
