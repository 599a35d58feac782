"""A model in a workflow, a human in the loop."""

from ..core.connection import ApiKeyHeader, BasicAuth, ClientCredentials
from .args import Filters, GenAiWorkflowArgs, ImageModel, Partner, TextModel
from .component import GenAiWorkflow

__all__ = [
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
