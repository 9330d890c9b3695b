"""How any stage is trained: one loop, and what it needs."""
