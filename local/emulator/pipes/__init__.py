"""EventBridge Pipes: from a source through filter and template to a target, under the pipe's role."""
