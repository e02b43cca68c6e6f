"""The demo: a model goes round on the embedded AWS, and every step is checked by reading back."""
