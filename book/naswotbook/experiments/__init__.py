"""Experiments of single chapters: tidy tables in, tidy tables out."""
