"""What Steward's own monitor job is made of; it travels to the job beside its script."""
