"""Templates and strings of the pages people see."""
