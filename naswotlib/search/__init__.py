"""Search algorithms: without training (NASWOT), with training on a table, and against cost."""
