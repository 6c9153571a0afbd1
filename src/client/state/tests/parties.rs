//! Parties, lists, links and the line.
