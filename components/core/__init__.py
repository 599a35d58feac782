"""What every pattern is made of."""
