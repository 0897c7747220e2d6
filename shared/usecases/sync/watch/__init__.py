"""The watch of a mailbox: started, renewed, stopped, and what the product hears of it."""
