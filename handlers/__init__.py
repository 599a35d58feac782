"""What runs inside Lambda: one folder a bounded context, nothing of Pulumi."""
