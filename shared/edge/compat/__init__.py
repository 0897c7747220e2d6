"""What code written for Nango asks besides: older names, constants, and where the rest went."""
