"""Numbers only: arrays in, arrays out."""
