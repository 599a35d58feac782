"""The policy pack: the same verdicts under the Pulumi CLI, in a test and on an exported state."""
