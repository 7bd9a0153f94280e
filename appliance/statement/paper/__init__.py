"""The bilingual page of a statement: for people to hold; the signed file lies inside it."""
