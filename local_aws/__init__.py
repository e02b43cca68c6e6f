"""The embedded AWS: `template.yaml` booted on this machine, for the demo and the tests. Never imported by production code."""
