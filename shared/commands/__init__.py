"""What an operator runs by hand: `python -m shared.commands NAME`."""
