"""The embedded AWS: `template.yaml` booted on this machine. Production code never imports it."""
