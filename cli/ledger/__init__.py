"""`steward ledger`: shows that the record was not altered."""
