"""Steward: the code that functions, tests and the command line share."""
