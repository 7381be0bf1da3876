"""The recipe of the adapter that comes with the program: questions on passages, answered from them or refused."""
