"""A Pulumi resource provider for the AWS types that the program uses, over boto3 to the local AWS."""
