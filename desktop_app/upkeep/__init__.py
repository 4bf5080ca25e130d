"""The program's own upkeep: whether there is a newer one, and the libraries of the graphics card. Plain Python."""
