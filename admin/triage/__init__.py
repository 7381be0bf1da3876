"""A bad answer: where what it should have said got lost on its way, and what cures that."""
