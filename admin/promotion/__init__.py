"""What an adapter has to show before it answers, and what is watched while it is being tried."""
