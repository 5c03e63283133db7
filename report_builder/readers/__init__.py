"""Files become grids and paragraphs: one reader per kind, each guarded against hostile and broken files."""
