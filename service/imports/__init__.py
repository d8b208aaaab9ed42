"""Spreadsheets in and out: every problem is told with its place, and a file with one problem leaves nothing."""
