"""Stand-ins for the models of Bedrock: nothing is understood here, but everything has its shape."""
