"""What a rule is made of: resources, the stack that wires them, the ledger, and the rule itself."""
