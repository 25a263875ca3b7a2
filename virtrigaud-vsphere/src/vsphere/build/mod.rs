//! From what a machine shall be to the server's specification of it.
