"""Model Monitor: job definitions, schedules, executions, and the analyzer that they run."""
