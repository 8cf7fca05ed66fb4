"""Compiled loops (numba): arrays in, arrays out."""
