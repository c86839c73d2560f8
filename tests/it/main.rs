//! The one integration binary: what no single file of the sources can promise alone.

mod tidy;
