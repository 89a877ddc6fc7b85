"""The paper's table and figures, made anew."""
