"""What every HTTP request passes through: authentication, transaction, idempotency, rate limits, errors."""
