"""What a tool answers: in an envelope, compact, readable, with a hint where it repeats itself."""
