"""The undo of an import: what it would reverse, what it keeps and why, and the undo itself (docs/decisions/0044)."""
