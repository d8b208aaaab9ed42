"""The worker sends notifications and runs the scheduled jobs."""
