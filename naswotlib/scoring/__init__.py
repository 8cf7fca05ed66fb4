"""Scoring untrained networks: codes, the kernel, the score, and many networks at once."""
