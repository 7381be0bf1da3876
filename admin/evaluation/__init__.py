"""Which way of answering is better on the owner's own questions, and how sure that is."""
