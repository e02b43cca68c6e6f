"""What an auditor asks for of an endpoint and a time, with the proof that it was not altered."""
