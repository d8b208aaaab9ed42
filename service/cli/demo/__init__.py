"""`songnuan demo`: a year of a small union, played over HTTP, and its report."""
