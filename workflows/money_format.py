"""Amounts in whole fen are written as yuan."""


def in_yuan(fen: int) -> str:
    """Return yuan with two decimals, as in JSON and forms: 300000 → "3000.00"."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def in_yuan_with_thousands(fen: int) -> str:
    """Return yuan as people read them: 300000 → "3,000.00"."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02}"
