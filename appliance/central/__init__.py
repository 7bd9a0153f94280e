"""The central server: receives statements, checks and keeps them, answers with receipts."""
