"""Runs CloudFront Functions on Node: for the local AWS, for their own tests, and for the simulator."""
