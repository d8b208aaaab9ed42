"""The rules of the house: pure, no web, no database, no clock; they take facts and return what to write down."""
