"""The welfare section of the annual report: figures, sentences and tables, without names."""
