"""The curator's half: documents on their way in, the sources they come from, and how well they are found."""
