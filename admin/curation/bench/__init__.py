"""Retrieval looked into: what each arm finds, labelled questions, and what is fitted to them."""
