"""Strangers' mail as Gmail hands it out, read: headers, bodies, files."""
