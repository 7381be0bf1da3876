"""Folders and sites that are kept in step with: what they hold, and what a sync does with it."""
