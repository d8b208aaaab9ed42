"""The welfare section of the annual report: counted from rows, said in true words, printed without names."""
