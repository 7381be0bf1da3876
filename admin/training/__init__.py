"""What the assistant learns: training programs. Their inputs and outputs are files with digests."""
