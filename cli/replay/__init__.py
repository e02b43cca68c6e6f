"""`steward drift replay`: what monitors and the judge would have made of a stream of rows."""
