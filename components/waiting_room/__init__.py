"""A waiting room before anything that takes fewer visitors than come."""
