"""What the verbs that change things do from beginning to end: each wires stages and effects, and asks nobody."""
