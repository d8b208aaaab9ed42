"""The sample policy set, read once, for the tests of the rules."""

from pathlib import Path

from workflows.policy_file import read_policy

TEXT = (Path(__file__).parents[2] / "samples" / "policy-2025.toml").read_text("utf-8")
SAMPLE = read_policy(TEXT)
RUSHAN = "371083"
