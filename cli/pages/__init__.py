"""Answers of the lineage as pages: self-contained, readable on a phone and in print."""
