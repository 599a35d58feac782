"""One module a service, in AWS's terms."""
