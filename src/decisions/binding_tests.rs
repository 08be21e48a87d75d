//! Tests of decisions over a book.
