"""What an account needs once in a region: the role by which API Gateway writes logs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pulumi

from bootstrap.account import Account

account = Account("account")

pulumi.export("api_log_role", account.api_logs.role.arn)
