"""Killed without warning, again and again."""
