"""What the pages of the book need: samples, searches, claims, figures and tables."""
