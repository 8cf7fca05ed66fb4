"""Images and files: mini-batches, downloads, safe reading and whole writing."""
