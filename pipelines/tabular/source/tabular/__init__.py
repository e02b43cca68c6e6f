"""What the steps of the tabular pipeline share; it travels to each of them beside their script."""
