"""Pages that one can play with: what the scripts of book/interactive draw, made when the book is built."""
