"""Statements: building, signing, checking and showing the signed records of a wipe."""
