"""The command line: each command parses, reads, calls one library verb, and writes."""
