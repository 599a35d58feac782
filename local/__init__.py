"""The same program on this machine: a local AWS, a resource provider and a small engine."""
