"""Technical documentation of one version, as a folder with a page."""
