"""Database: how SQL is run, whatever it says: connections, transactions, commits, files and their locks."""
