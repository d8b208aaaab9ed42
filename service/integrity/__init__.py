"""What an auditor may trust, checked: the chain of events and the books that must agree with it."""
