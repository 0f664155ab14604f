"""Structure of a law found before its formula: symmetries, inner functions, links; each makes a smaller problem."""
