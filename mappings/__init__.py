"""How one form of a document becomes another: places, codecs, tables, the engine, and the formats."""
