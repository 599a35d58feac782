"""What tasks of state machines do: calls of services under the machine's role."""
