"""Training of small networks, and the suite that ships with the library."""
