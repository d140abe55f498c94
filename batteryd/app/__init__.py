"""The daemon put together: composition root, loops, pages, and signals."""
