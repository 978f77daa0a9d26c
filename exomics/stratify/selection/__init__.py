"""Features selected with a bound on errors."""
