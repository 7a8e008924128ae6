"""Whatever must not be reached, tried for: other accounts, more than a key allows, secrets where none may be."""
