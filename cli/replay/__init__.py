"""`steward replay`: what the monitors and the judge would have made of a stream of rows."""
