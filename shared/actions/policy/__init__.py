"""What a key may have done: the guard before every action, and approvals by a person."""
